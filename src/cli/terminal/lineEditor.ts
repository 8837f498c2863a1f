import { graphemesOf } from './textWidth.ts';

/** As `node:readline` decodes it from the bytes of a terminal. */
export interface Key {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
  readonly shift?: boolean | undefined;
  readonly sequence?: string | undefined;
}

/** What a key asks of others than the text; undefined when it was for the text. */
export type EditorRequest = 'submit' | 'interrupt' | 'end' | 'complete' | 'clear' | 'suspend';

/**
 * A text being written, of one line or many, and the lines that were sent before. Knows no terminal: keys come in, `text` and `cursor` are
 * what is to be shown.
 */
export class LineEditor {
  text = '';
  /** In UTF-16 units. */
  cursor = 0;
  readonly #history: readonly string[];
  /** How far back in the history: 0 is the text itself, kept in `#draft`. */
  #back = 0;
  #draft = '';
  #killed = '';

  /** `history` is read as it grows, oldest first. */
  constructor(history: readonly string[]) {
    this.#history = history;
  }

  set(text: string, cursor = text.length): void {
    this.text = text;
    this.cursor = cursor;
  }

  /** Takes what was written. */
  take(): string {
    const { text } = this;
    this.set('');
    this.#back = 0;
    return text;
  }

  insert(text: string): void {
    this.set(this.text.slice(0, this.cursor) + text + this.text.slice(this.cursor), this.cursor + text.length);
  }

  press({ name, ctrl, meta, sequence }: Key): EditorRequest | undefined {
    if (ctrl === true) return this.#control(name);
    if (meta === true) return this.#meta(name);
    switch (name) {
      case 'return':
        return 'submit';
      // Ctrl-J, as a line feed is called.
      case 'enter':
        return void this.insert('\n');
      case 'tab':
        return 'complete';
      case 'backspace':
        return void this.#remove(this.#before(), this.cursor);
      case 'delete':
        return void this.#remove(this.cursor, this.#after());
      case 'left':
        return void this.#move(this.#before());
      case 'right':
        return void this.#move(this.#after());
      case 'home':
        return void this.#move(this.#lineStart());
      case 'end':
        return void this.#move(this.#lineEnd());
      case 'up':
        return void this.#vertical(-1);
      case 'down':
        return void this.#vertical(1);
      default:
        // What a key has no text for begins with an escape.
        if (sequence !== undefined && !/^[\p{Cc}]/u.test(sequence)) this.insert(sequence);
        return undefined;
    }
  }

  #control(name: string | undefined): EditorRequest | undefined {
    switch (name) {
      case 'c':
        return 'interrupt';
      case 'd':
        if (this.text === '') return 'end';
        return void this.#remove(this.cursor, this.#after());
      case 'l':
        return 'clear';
      case 'z':
        return 'suspend';
      case 'a':
        return void this.#move(this.#lineStart());
      case 'e':
        return void this.#move(this.#lineEnd());
      case 'b':
        return void this.#move(this.#before());
      case 'f':
        return void this.#move(this.#after());
      case 'h':
        return void this.#remove(this.#before(), this.cursor);
      case 'p':
        return void this.#recall(1);
      case 'n':
        return void this.#recall(-1);
      case 'k':
        return void this.#kill(this.cursor, this.#lineEnd());
      case 'u':
        return void this.#kill(this.#lineStart(), this.cursor);
      case 'w':
      case 'backspace':
        return void this.#kill(this.#wordStart(), this.cursor);
      case 'y':
        return void this.insert(this.#killed);
      case 'left':
        return void this.#move(this.#wordStart());
      case 'right':
        return void this.#move(this.#wordEnd());
      default:
        return undefined;
    }
  }

  #meta(name: string | undefined): undefined {
    switch (name) {
      case 'return':
      case 'enter':
        return void this.insert('\n');
      case 'b':
      case 'left':
        return void this.#move(this.#wordStart());
      case 'f':
      case 'right':
        return void this.#move(this.#wordEnd());
      case 'd':
        return void this.#kill(this.cursor, this.#wordEnd());
      case 'backspace':
        return void this.#kill(this.#wordStart(), this.cursor);
      default:
        return undefined;
    }
  }

  /** Up and down go between lines first, then through what was sent. */
  #vertical(step: -1 | 1): void {
    const start = this.#lineStart();
    const column = this.cursor - start;
    const from = step < 0 ? this.text.lastIndexOf('\n', start - 2) + 1 : this.#lineEnd() + 1;
    const isEdge = step < 0 ? start === 0 : from > this.text.length;
    if (isEdge) return this.#recall(step < 0 ? 1 : -1);
    const end = this.text.indexOf('\n', from);
    this.#move(Math.min(from + column, end < 0 ? this.text.length : end));
  }

  #recall(step: 1 | -1): void {
    const back = this.#back + step;
    if (back < 0 || back > this.#history.length) return;
    if (this.#back === 0) this.#draft = this.text;
    this.#back = back;
    this.set(back === 0 ? this.#draft : (this.#history[this.#history.length - back] ?? ''));
  }

  #move(to: number): void {
    this.cursor = to;
  }

  #remove(from: number, to: number): void {
    this.set(this.text.slice(0, from) + this.text.slice(to), from);
  }

  #kill(from: number, to: number): void {
    if (from === to) return;
    this.#killed = this.text.slice(from, to);
    this.#remove(from, to);
  }

  #before(): number {
    const last = graphemesOf(this.text.slice(0, this.cursor)).at(-1);
    return this.cursor - (last?.length ?? 0);
  }

  #after(): number {
    return this.cursor + (graphemesOf(this.text.slice(this.cursor))[0]?.length ?? 0);
  }

  #lineStart(): number {
    return this.cursor === 0 ? 0 : this.text.lastIndexOf('\n', this.cursor - 1) + 1;
  }

  #lineEnd(): number {
    const end = this.text.indexOf('\n', this.cursor);
    return end < 0 ? this.text.length : end;
  }

  #wordStart(): number {
    return this.cursor - (/[\p{L}\p{N}_]*[^\p{L}\p{N}_]*$/u.exec(this.text.slice(0, this.cursor))?.[0].length ?? 0);
  }

  #wordEnd(): number {
    return this.cursor + (/^[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u.exec(this.text.slice(this.cursor))?.[0].length ?? 0);
  }
}
