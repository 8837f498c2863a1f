import type { Writable } from 'node:stream';
import { textWidth } from './textWidth.ts';

export interface Cursor {
  readonly row: number;
  readonly column: number;
}

export interface Frame {
  /** Lines that are final: they scroll away above the live ones. */
  readonly finished: readonly string[];
  /** Lines that the next frame may change; together fewer than the terminal has rows. */
  readonly live: readonly string[];
  /** Where in the live ones the cursor stands. Absent: at their end, hidden. */
  readonly cursor?: Cursor | undefined;
}

type Output = Pick<Writable, 'write'> & { readonly columns?: number; readonly rows?: number };

/** Terminals that know it show a frame when it is whole; others ignore it. */
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';

/**
 * The last lines of a terminal, which change, under lines that never do. A frame writes only what differs from the one before: a line that
 * stands there is not written again, also when it becomes final. Lines have to fit the width.
 */
export class LiveRegion {
  readonly #out: Output;
  #shown: readonly string[] = [];
  #cursor: Cursor = { row: 0, column: 0 };
  #isHidden = false;

  constructor(out: Output) {
    this.#out = out;
  }

  draw({ finished, live, cursor }: Frame): void {
    const lines = [...finished, ...live];
    let same = 0;
    while (same < lines.length && same < this.#shown.length && lines[same] === this.#shown[same]) same += 1;
    const target = cursor ?? { row: Math.max(0, live.length - 1), column: 0 };
    const isUnchanged = finished.length === 0 && same === lines.length && same === this.#shown.length;
    if (
      isUnchanged &&
      target.row === this.#cursor.row &&
      target.column === this.#cursor.column &&
      this.#isHidden === (cursor === undefined)
    ) {
      return;
    }
    let text = `${up(this.#cursor.row)}\r`;
    let row = 0;
    if (!isUnchanged) {
      // Where the last line stays as it is there is no line below to go to.
      row = Math.min(same, Math.max(0, this.#shown.length - 1));
      text += down(row);
      for (let at = row; at < lines.length; at++) {
        if (at > row) text += '\r\n';
        if (at >= same) text += `${lines[at]}\u001b[K`;
      }
      if (lines.length > 0) row = Math.max(row, lines.length - 1);
      else text += '\u001b[K';
      if (this.#shown.length > lines.length) text += '\u001b[J';
    }
    const targetRow = finished.length + target.row;
    text += `${targetRow < row ? up(row - targetRow) : down(targetRow - row)}\r${target.column > 0 ? `\u001b[${target.column}C` : ''}`;
    if ((cursor === undefined) !== this.#isHidden) {
      this.#isHidden = cursor === undefined;
      text += this.#isHidden ? '\u001b[?25l' : '\u001b[?25h';
    }
    this.#out.write(`${BEGIN_FRAME}${text}${END_FRAME}`);
    this.#shown = live;
    this.#cursor = target;
  }

  /** Takes the live lines away; the next frame begins where they were. */
  clear(): void {
    this.#out.write(`${up(this.#cursor.row)}\r\u001b[J${this.#isHidden ? '\u001b[?25h' : ''}`);
    this.#forget();
  }

  /** The width has changed, and with it the rows that the terminal has made of our lines. */
  resized(): void {
    const columns = Math.max(1, this.#out.columns ?? 80);
    const rowsOf = (line: string): number => Math.max(1, Math.ceil(textWidth(line) / columns));
    const above = this.#shown.slice(0, this.#cursor.row).reduce((sum, line) => sum + rowsOf(line), 0);
    const within = Math.floor(this.#cursor.column / columns);
    this.#out.write(`${up(above + within)}\r\u001b[J`);
    this.#forget();
  }

  #forget(): void {
    this.#shown = [];
    this.#cursor = { row: 0, column: 0 };
    this.#isHidden = false;
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}

function down(rows: number): string {
  return rows > 0 ? `\u001b[${rows}B` : '';
}
