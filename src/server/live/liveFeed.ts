import { utf8Bytes } from '../../db/utf8Bytes.ts';
import { flushOutboxes } from '../outbox.ts';
import type { Feed, Sink } from '../tail.ts';

/** What is told to one subscription and kept nowhere. A reader that does not keep up loses the oldest of what waits for it. */
export class LiveFeed implements Feed {
  readonly #maxWaiting: number;
  readonly #onEnd: () => void;
  readonly #waiting: string[] = [];
  #sink: Sink | undefined;
  #undrain = (): void => {};
  #count = 0;
  #state: 'open' | 'ended' = 'open';
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `onEnd` is called once, however it ends. */
  constructor({ maxWaiting, onEnd }: { readonly maxWaiting: number; readonly onEnd: () => void }) {
    this.#maxWaiting = maxWaiting;
    this.#onEnd = onEnd;
  }

  push(value: object): void {
    if (this.#state === 'ended') return;
    this.#waiting.push(utf8Bytes(JSON.stringify(value)));
    if (this.#waiting.length > this.#maxWaiting) this.#waiting.shift();
    this.#send();
    flushOutboxes();
  }

  run(sink: Sink): Promise<void> {
    this.#sink = sink;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#state === 'ended') return resolve();
      this.#send();
      flushOutboxes();
    });
  }

  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#undrain();
    this.#onEnd();
    this.#resolve();
  }

  fail(error: unknown): void {
    this.#reject(error);
    this.end();
  }

  #send(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    while (!sink.full) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) return;
      sink.send(++this.#count, bytes);
    }
    this.#undrain();
    this.#undrain = sink.onDrain(() => {
      this.#send();
      flushOutboxes();
    });
  }
}
