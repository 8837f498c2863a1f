import type { EncodedEvent } from './encodedEvent.ts';
import type { PendingDelta } from './pendingWrite.ts';

/** How many committed events stay in memory for readers that are just behind. */
const RECENT_EVENTS = 128;

/**
 * The face of one thread's log in memory, while somebody writes or reads it: where it ends, and its last few events as text.
 * Only `GroupCommit` changes it.
 */
export class ThreadLog {
  readonly key: number;
  /** Last committed seq. */
  head: number;
  /** Last seq given out in the transaction that is open; `head` when there is none. */
  last: number;
  deleted = false;
  /** Writers, followers and waiting deltas that hold it. */
  holders = 0;
  followers = 0;
  /** The delta that ends this thread's part of the batch: the next one of the same message joins it. */
  pending: PendingDelta | undefined;
  #recent: EncodedEvent[] = [];

  constructor(key: number, head: number) {
    this.key = key;
    this.head = head;
    this.last = head;
  }

  remember(event: EncodedEvent): void {
    this.#recent.push(event);
    // Trimmed by halves: a shift for each event would cost more than the event.
    if (this.#recent.length > 2 * RECENT_EVENTS) this.#recent = this.#recent.slice(-RECENT_EVENTS);
  }

  forget(): void {
    this.#recent = [];
  }

  /** The events after `afterSeq`, when memory holds all of them; seqs have no gaps, so a position is an index. */
  recentAfter(afterSeq: number): readonly EncodedEvent[] | undefined {
    const first = this.#recent[0];
    if (first === undefined || afterSeq + 1 < first.seq) return undefined;
    const from = afterSeq + 1 - first.seq;
    return from === 0 ? this.#recent : this.#recent.slice(from);
  }
}
