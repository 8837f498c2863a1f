import type { ModelChunk } from '../model.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * Takes the chunks of one stream under a watchdog: a `next` rejects with its reason as soon as that aborts, whether the stream listens or not.
 * `close` must be called; it lets a stream that is between chunks clean up, and does not wait for one that is deaf.
 */
export class ChunkReader {
  readonly #watchdog: Watchdog;
  readonly #idleTimeoutMs: number;
  readonly #iterator: AsyncIterator<ModelChunk, unknown>;
  #pending = false;
  #reject: ((reason: unknown) => void) | undefined;
  readonly #onAbort = (): void => this.#reject?.(this.#watchdog.signal.reason);

  constructor(stream: (signal: AbortSignal) => AsyncIterable<ModelChunk>, watchdog: Watchdog, idleTimeoutMs: number) {
    this.#watchdog = watchdog;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#iterator = stream(watchdog.signal)[Symbol.asyncIterator]();
    watchdog.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  async next(timeoutMs = this.#idleTimeoutMs): Promise<IteratorResult<ModelChunk, unknown>> {
    const { signal } = this.#watchdog;
    signal.throwIfAborted();
    this.#watchdog.expect(timeoutMs);
    this.#pending = true;
    try {
      // One listener for the stream, and not one for each chunk.
      return await new Promise((resolve, reject) => {
        this.#reject = reject;
        this.#iterator.next().then(
          (next) => {
            this.#pending = false;
            resolve(next);
          },
          (cause) => {
            this.#pending = false;
            reject(signal.aborted ? signal.reason : cause);
          },
        );
      });
    } finally {
      this.#watchdog.rest();
    }
  }

  async close(): Promise<void> {
    const deaf = this.#pending;
    this.#watchdog.signal.removeEventListener('abort', this.#onAbort);
    this.#watchdog.stop();
    const returned = Promise.resolve(this.#iterator.return?.()).catch(() => {});
    if (!deaf) await returned;
  }
}
