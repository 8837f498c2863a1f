import type { Notice } from '../protocol/notice.ts';
import type { ReaderContext } from './eventReader.ts';
import { followFeed } from './followFeed.ts';

/** Who listens for notices. There is one subscription for all of them, as long as there is anybody. */
export class NoticeListeners {
  readonly #context: ReaderContext;
  readonly #listeners = new Set<{ readonly tell: (notice: Notice) => void }>();
  #following: AbortController | undefined;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  add(tell: (notice: Notice) => void): () => void {
    // A wrapper, so that one function given twice is two listeners.
    const listener = { tell };
    this.#listeners.add(listener);
    if (this.#following === undefined) this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#following?.abort();
      this.#following = undefined;
    };
  }

  #follow(): void {
    const following = new AbortController();
    this.#following = following;
    const onData = (data: unknown): void => {
      // The edge: this is what the procedure yields.
      for (const { tell } of [...this.#listeners]) {
        try {
          tell(data as Notice);
        } catch (error) {
          // The listener's own trouble: reported as such, and the others are told all the same.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    };
    followFeed({ path: 'notices.watch', input: {}, signal: following.signal, onData }, this.#context).catch(() => {
      // The connection says why; a listener that comes later asks again.
      if (this.#following === following) this.#following = undefined;
    });
  }
}
