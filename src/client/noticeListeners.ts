import type { Notice } from '../protocol/notice.ts';
import type { ReaderContext } from './eventReader.ts';
import { followFeed } from './followFeed.ts';
import { Listeners } from './listeners.ts';

/** Who listens for notices. There is one subscription for all of them, as long as there is anybody. */
export class NoticeListeners {
  readonly #context: ReaderContext;
  readonly #listeners = new Listeners<Notice>();
  #following: AbortController | undefined;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  add(listener: (notice: Notice) => void): () => void {
    const remove = this.#listeners.add(listener);
    if (this.#following === undefined) this.#follow();
    return () => {
      remove();
      if (this.#listeners.size > 0) return;
      this.#following?.abort();
      this.#following = undefined;
    };
  }

  #follow(): void {
    const following = new AbortController();
    this.#following = following;
    // The edge: this is what the procedure yields.
    const onData = (data: unknown): void => this.#listeners.tell(data as Notice);
    followFeed({ path: 'notices.watch', input: {}, signal: following.signal, onData }, this.#context).catch(() => {
      // The connection says why; a listener that comes later asks again.
      if (this.#following === following) this.#following = undefined;
    });
  }
}
