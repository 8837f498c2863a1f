import type { Clock } from '../../protocol/clock.ts';
import type { Reader } from '../../protocol/notice.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';

interface Present {
  readonly reader: Reader;
  watches: number;
}

/** Who reads which thread now, of those who let it be known. In memory alone. */
export class Presence {
  readonly #clock: Clock;
  readonly #readers = new Map<number, Map<string, Present>>();
  readonly #listeners = new Map<number, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The returned function says that this watch is over. */
  enter(thread: number, principal: Principal): () => void {
    const owner = ownerOf(principal);
    const readers = this.#readers.get(thread) ?? new Map<string, Present>();
    this.#readers.set(thread, readers);
    const present = readers.get(owner) ?? { reader: { principalId: principal.id, since: this.#clock.now() }, watches: 0 };
    readers.set(owner, present);
    present.watches++;
    if (present.watches === 1) this.#ring(thread);
    return () => {
      present.watches--;
      if (present.watches > 0) return;
      readers.delete(owner);
      if (readers.size === 0) this.#readers.delete(thread);
      this.#ring(thread);
    };
  }

  /** Those who came first, first. */
  of(thread: number): readonly Reader[] {
    return [...(this.#readers.get(thread)?.values() ?? [])].map(({ reader }) => reader);
  }

  /** Calls `listener` whenever somebody came or went, until the returned function is called. */
  listen(thread: number, listener: () => void): () => void {
    const listeners = this.#listeners.get(thread) ?? new Set();
    this.#listeners.set(thread, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(thread) === listeners) this.#listeners.delete(thread);
    };
  }

  #ring(thread: number): void {
    for (const listener of this.#listeners.get(thread) ?? []) listener();
  }
}
