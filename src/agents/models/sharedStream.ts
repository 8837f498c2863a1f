import type { ModelChunk } from '../model.ts';
import { abortable } from './abortable.ts';

/**
 * One stream that any number of readers take from its beginning, each at its own pace. It is asked for more when the foremost reader wants more,
 * and ends with its `finish`. A reader's abort is that reader's alone; the stream is aborted when the last one leaves before its end.
 */
export class SharedStream {
  /** All that came so far. */
  readonly chunks: ModelChunk[] = [];
  readonly #controller = new AbortController();
  readonly #iterator: AsyncIterator<ModelChunk, unknown>;
  readonly #onOver: (() => void) | undefined;
  #readers = 0;
  #over = false;
  #failure: { readonly cause: unknown } | undefined;
  #pulling: Promise<void> | undefined;

  /** `onOver` is called once, before any reader knows: at the end, at a failure, or when nobody reads it any more. */
  constructor(start: (signal: AbortSignal) => AsyncIterable<ModelChunk>, onOver?: () => void) {
    this.#iterator = start(this.#controller.signal)[Symbol.asyncIterator]();
    this.#onOver = onOver;
  }

  async *read(signal: AbortSignal): AsyncGenerator<ModelChunk, void, undefined> {
    this.#readers++;
    try {
      for (let at = 0; ; at++) {
        signal.throwIfAborted();
        while (at >= this.chunks.length && !this.#over) await abortable(this.#pull(), signal);
        const chunk = this.chunks[at];
        if (chunk === undefined) break;
        yield chunk;
      }
      if (this.#failure !== undefined) throw this.#failure.cause;
    } finally {
      if (--this.#readers === 0 && !this.#over) this.#end();
    }
  }

  /** Never rejects. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#iterator
      .next()
      .then(
        (next) => {
          // What comes after everyone left is nobody's.
          if (this.#over) return;
          if (next.done !== true) this.chunks.push(next.value);
          if (next.done === true || next.value.type === 'finish') this.#end();
        },
        (cause: unknown) => {
          if (this.#over) return;
          this.#failure = { cause };
          this.#end();
        },
      )
      .finally(() => {
        this.#pulling = undefined;
      });
    return this.#pulling;
  }

  #end(): void {
    this.#over = true;
    this.#onOver?.();
    this.#controller.abort();
    // It cleans up by itself; nobody is left to be told how that went.
    Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }
}
