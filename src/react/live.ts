import { onNextFrame } from './frame.ts';

/** How long what nobody looks at any more is kept: StrictMode, and a way from page to page, look away for a moment. */
const KEPT_MS = 5_000;

export interface LiveSource<View> {
  /** What there is to see now. Asked when something changed: it answers with a new object, whose parts that did not change are the same. */
  view(): View;
  /** Begins to read, until the signal aborts. */
  read(signal: AbortSignal): void;
  /** It has what is nowhere else: it is not let go of, though it is not read. `rest` looks again. */
  isNeeded?(): boolean;
}

/** What several components look at. It is read while somebody looks, and each change shows to all of them, at most once a frame. */
export class Live<View> {
  readonly #source: LiveSource<View>;
  readonly #listeners = new Set<() => void>();
  #shown: View;
  #reading: AbortController | undefined;
  #cancelFrame: (() => void) | undefined;
  #unused: ReturnType<typeof setTimeout> | undefined;
  /** Told when nobody has looked for a while, and it is not read any more. */
  onUnused = (): void => {};

  constructor(source: LiveSource<View>, first: View) {
    this.#source = source;
    this.#shown = first;
  }

  /** Somebody looks at it. */
  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  readonly view = (): View => this.#shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    // Not the function itself: one that is given twice listens twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    clearTimeout(this.#unused);
    if (this.#reading === undefined) this.#read();
    return () => {
      this.#listeners.delete(own);
      this.rest();
    };
  };

  /** Ends, in a while, what nobody looks at. */
  rest(): void {
    clearTimeout(this.#unused);
    if (this.#listeners.size === 0) this.#unused = setTimeout(() => this.#stop(), KEPT_MS);
  }

  /** Reads anew, when it is read at all. */
  readAgain(): void {
    this.#reading?.abort();
    if (this.#listeners.size > 0) this.#read();
  }

  /** What changed shows with the next frame. */
  changed(): void {
    this.#cancelFrame ??= onNextFrame(() => this.show());
  }

  /** What changed shows at once: somebody has just done it here. */
  show(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
    this.#shown = this.#source.view();
    for (const listener of [...this.#listeners]) listener();
  }

  #read(): void {
    this.#reading = new AbortController();
    this.#source.read(this.#reading.signal);
  }

  #stop(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
    this.#reading?.abort();
    this.#reading = undefined;
    if (this.#source.isNeeded?.() !== true) this.onUnused();
  }
}
