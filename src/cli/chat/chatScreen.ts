import type { WriteStream } from 'node:tty';
import type { BlockOptions } from '../markdown/blockLines.ts';
import type { StreamedLines } from '../markdown/markdownStream.ts';
import { plainText } from '../plainText.ts';
import { type Cursor, LiveRegion } from '../terminal/liveRegion.ts';
import { paintLine } from '../terminal/paintLine.ts';
import { EMPTY_LINE, type Line, line, type Style } from '../terminal/span.ts';
import type { TerminalTraits } from '../terminal/terminalTraits.ts';
import { wrapSpans } from '../terminal/wrapSpans.ts';

/** Who has something in the lines that change. */
export interface ScreenParts {
  /** What is being said: at most `maxOpen` lines of it. */
  said(maxOpen: number): StreamedLines;
  /** What is being done, a line each. `mark` turns as time goes by. */
  work(mark: string): readonly Line[];
  /** Where the person writes, or answers. */
  foot(): { readonly lines: readonly Line[]; readonly cursor: Cursor | undefined };
}

const FRAME_MS = 16;
/** However dear a frame was, as it is at a slow terminal: a key is to be seen. */
const LONGEST_FRAME_MS = 200;
const TURN_MS = 100;
const LEAST_WIDTH = 20;

/** The terminal of a chat: what is final above, and under it what is said, done and written now. Draws at most once a frame. */
export class ChatScreen {
  readonly traits: TerminalTraits;
  readonly #out: WriteStream;
  readonly #region: LiveRegion;
  readonly #onResize = (): void => {
    this.#region.resized();
    this.#draw();
  };
  #parts: ScreenParts | undefined;
  #finished: Line[] = [];
  /** The last final line is empty, or there is none. */
  #endsEmpty = true;
  #timer: NodeJS.Timeout | undefined;
  #turning: NodeJS.Timeout | undefined;
  readonly #moving = new Set<string>();
  #costMs = 0;
  #isPaused = false;

  constructor(out: WriteStream, traits: TerminalTraits) {
    this.#out = out;
    this.traits = traits;
    this.#region = new LiveRegion(out);
    out.on('resize', this.#onResize);
  }

  /** What text is laid out for. The last column stays free: terminals differ in what they do behind it. */
  get block(): BlockOptions {
    return { width: this.width, hasStyles: this.traits.hasStyles, hasLinks: this.traits.hasLinks };
  }

  get width(): number {
    return Math.max(LEAST_WIDTH, this.#out.columns || 80) - 1;
  }

  show(parts: ScreenParts): void {
    this.#parts = parts;
    this.changed();
  }

  /** Adds final lines. */
  add(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.#finished.push(...lines);
    this.#endsEmpty = isEmpty(lines.at(-1));
    this.changed();
  }

  /** An empty line, unless there is one. */
  gap(): void {
    if (!this.#endsEmpty) this.add([EMPTY_LINE]);
  }

  note(text: string, style: Style = { dim: true }): void {
    this.add(wrapSpans(line(plainText(text), style), this.width));
  }

  /** Something is not as it was drawn. */
  changed(): void {
    if (this.#timer !== undefined || this.#isPaused) return;
    // A long block is dear to lay out: then it is done less often.
    this.#timer = setTimeout(() => this.#draw(), Math.min(LONGEST_FRAME_MS, Math.max(FRAME_MS, 3 * this.#costMs)));
  }

  /** Keeps what tells of time going by moving, for as long as anybody has something of the kind. */
  turn(who: string, isMoving: boolean): void {
    if (isMoving) this.#moving.add(who);
    else this.#moving.delete(who);
    if (this.#moving.size > 0) this.#turning ??= setInterval(() => this.changed(), TURN_MS);
    else {
      clearInterval(this.#turning);
      this.#turning = undefined;
    }
  }

  /** Leaves the terminal to another program. What is added meanwhile is drawn by `resume`. */
  pause(): void {
    this.#draw();
    this.#isPaused = true;
    this.#region.clear();
  }

  resume(): void {
    this.#isPaused = false;
    this.changed();
  }

  /** Takes away what is above too. */
  wipe(): void {
    this.#region.clear();
    this.#out.write('\u001b[2J\u001b[H');
    this.changed();
  }

  /** Draws what is final, and no more after it. */
  close(): void {
    clearInterval(this.#turning);
    this.#out.off('resize', this.#onResize);
    this.#parts = undefined;
    this.#draw();
    this.#isPaused = true;
    clearTimeout(this.#timer);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isPaused) return;
    const startedAt = performance.now();
    const { lines, cursor } = this.#live();
    const finished = this.#finished.map((one) => paintLine(one, this.traits));
    this.#finished = [];
    // A last empty line for the cursor to stand on.
    const live = lines.length === 0 ? [''] : lines.map((one) => paintLine(one, this.traits));
    this.#region.draw({ finished, live, cursor: cursor ?? (lines.length === 0 ? { row: 0, column: 0 } : undefined) });
    this.#costMs = performance.now() - startedAt;
  }

  #live(): { readonly lines: readonly Line[]; readonly cursor: Cursor | undefined } {
    if (this.#parts === undefined) return { lines: [], cursor: undefined };
    const { spinner } = this.traits;
    const rows = Math.max(6, this.#out.rows || 24) - 1;
    const foot = this.#parts.foot();
    const mark = spinner[Math.floor(performance.now() / TURN_MS) % spinner.length] ?? '*';
    const work = this.#parts.work(mark).slice(0, Math.max(1, rows - foot.lines.length - 3));
    const said = this.#parts.said(Math.max(1, rows - foot.lines.length - work.length - 3));
    if (said.finished.length > 0) {
      this.#finished.push(...said.finished);
      this.#endsEmpty = isEmpty(said.finished.at(-1));
    }
    const above: Line[] = [...said.open];
    if (above.length > 0 && work.length > 0) above.push(EMPTY_LINE);
    above.push(...work);
    if (above.length > 0 ? !isEmpty(above.at(-1)) : !this.#endsEmpty) above.push(EMPTY_LINE);
    const { cursor } = foot;
    return { lines: [...above, ...foot.lines], cursor: cursor && { row: above.length + cursor.row, column: cursor.column } };
  }
}

function isEmpty(one: Line | undefined): boolean {
  return one === undefined || one.every(({ text }) => text.trim() === '');
}
