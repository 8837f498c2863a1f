import { paintFor } from './paint.ts';
import { cutToWidth } from './textTable.ts';

/** What is over sooner needs no word. */
const QUIET_MS = 1_000;
const FRAME_MS = 100;
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** As much of stderr as it takes. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/**
 * Says on stderr what takes longer than a second: on a terminal one line that changes and is gone at the end, elsewhere one line once.
 * `stop` must be called; it may be called again.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #env: NodeJS.ProcessEnv;
  readonly #isLive: boolean;
  #text: string;
  #frame = 0;
  #isShown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(text: string, stream: ProgressStream = process.stderr, env: NodeJS.ProcessEnv = process.env) {
    this.#text = text;
    this.#stream = stream;
    this.#env = env;
    this.#isLive = stream.isTTY === true && env.TERM !== 'dumb';
    this.#timer = setTimeout(() => this.#show(), QUIET_MS);
  }

  set text(text: string) {
    this.#text = text;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isShown && this.#isLive) this.#stream.write('\r\u001b[K');
    this.#isShown = false;
  }

  #show(): void {
    this.#isShown = true;
    if (!this.#isLive) return void this.#stream.write(`${this.#text}...\n`);
    const text = cutToWidth(this.#text, (this.#stream.columns ?? 80) - 3);
    this.#stream.write(`\r${paintFor(this.#stream, this.#env).cyan(FRAMES[this.#frame++ % FRAMES.length] ?? '')} ${text}\u001b[K`);
    this.#timer = setTimeout(() => this.#show(), FRAME_MS);
  }
}

/** Runs `work`, and says `text` while it takes long. */
export async function withProgress<T>(text: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = new Progress(text);
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}
