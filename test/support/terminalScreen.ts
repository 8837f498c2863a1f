import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal reads.
const SEQUENCE = /^\u001b(?:\[([?]?)([\d;]*)([A-Za-z])|\]8;;([^\u001b\u0007]*)\u001b\\)/;

/**
 * What stands on a terminal that was sent these bytes. It knows only the sequences that our own output is made of: any other one, and any
 * control character, is a fault, for then somebody else has written it.
 */
export class TerminalScreen {
  readonly #columns: number;
  readonly #rows: number;
  /** Each cell is what stands in a column; the second of a wide character is empty. */
  #lines: string[][] = [[]];
  #top = 0;
  #row = 0;
  #column = 0;
  #left = '';
  /** Sequences that nobody but an attacker sends. */
  readonly faults: string[] = [];
  /** Where OSC 8 leads to. */
  readonly links: string[] = [];
  isCursorShown = true;
  isPasteMarked = false;
  /** Styles were set. */
  isStyled = false;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** All that stands there or has scrolled away, without white space at the ends of lines. */
  get text(): string {
    return this.#lines.map((cells) => cells.join('').trimEnd()).join('\n');
  }

  /** The line with the cursor, up to it. */
  get beforeCursor(): string {
    return (this.#lines[this.#top + this.#row] ?? []).slice(0, this.#column).join('');
  }

  get widest(): number {
    return Math.max(...this.#lines.map((cells) => stringWidth(cells.join('').trimEnd())));
  }

  write(data: string): void {
    let rest = this.#left + data;
    this.#left = '';
    while (rest !== '') {
      if (rest.startsWith('\u001b')) {
        const match = SEQUENCE.exec(rest);
        if (match === null) {
          if (rest.length < 40 && (rest.length < 2 || '[]'.includes(rest.charAt(1)))) {
            this.#left = rest;
            return;
          }
          this.faults.push(JSON.stringify(rest.slice(0, 20)));
          rest = rest.slice(1);
          continue;
        }
        this.#sequence(match);
        rest = rest.slice(match[0].length);
        continue;
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal reads.
      const text = /^[^\u0000-\u001f\u007f-\u009f]+/.exec(rest)?.[0];
      if (text === undefined) {
        this.#control(rest.charAt(0));
        rest = rest.slice(1);
      } else {
        for (const { segment } of graphemes.segment(text)) this.#put(segment);
        rest = rest.slice(text.length);
      }
    }
  }

  #control(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#down();
    else this.faults.push(JSON.stringify(character));
  }

  #put(grapheme: string): void {
    if (/[\u202a-\u202e\u2066-\u2069]/.test(grapheme)) this.faults.push(JSON.stringify(grapheme));
    const width = stringWidth(grapheme);
    if (this.#column + width > this.#columns) {
      this.#column = 0;
      this.#down();
    }
    const line = this.#line();
    while (line.length < this.#column) line.push(' ');
    line.splice(this.#column, Math.max(1, width), grapheme, ...Array.from({ length: width - 1 }, () => ''));
    this.#column += width;
  }

  #down(): void {
    if (this.#row < this.#rows - 1) this.#row += 1;
    else this.#top += 1;
    this.#line();
  }

  #line(): string[] {
    while (this.#lines.length <= this.#top + this.#row) this.#lines.push([]);
    return this.#lines[this.#top + this.#row] ?? [];
  }

  #sequence([whole, mark, numbers = '', letter, link]: RegExpExecArray): void {
    if (link !== undefined) {
      if (link !== '') this.links.push(link);
      return;
    }
    const count = Number(numbers || 1);
    if (mark === '?') {
      if (numbers === '25') this.isCursorShown = letter === 'h';
      else if (numbers === '2004') this.isPasteMarked = letter === 'h';
      else if (numbers !== '2026') this.faults.push(JSON.stringify(whole));
      return;
    }
    switch (letter) {
      case 'A':
        this.#row = Math.max(0, this.#row - count);
        return;
      case 'B':
        this.#row = Math.min(this.#rows - 1, this.#row + count);
        return;
      case 'C':
        this.#column = Math.min(this.#columns - 1, this.#column + count);
        return;
      case 'H':
        this.#row = 0;
        this.#column = 0;
        return;
      case 'J':
        this.#lines = this.#lines.slice(0, this.#top + (numbers === '2' ? 0 : this.#row + 1));
        this.#line().splice(numbers === '2' ? 0 : this.#column);
        return;
      case 'K':
        this.#line().splice(this.#column);
        return;
      case 'm':
        this.isStyled ||= numbers !== '0';
        return;
      default:
        this.faults.push(JSON.stringify(whole));
    }
  }
}
