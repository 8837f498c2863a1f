import { type EncodedEvent, emptyDelta } from './encodedEvent.ts';
import type { PendingDelta } from './pendingWrite.ts';

/**
 * The face of one thread's log in memory, while somebody writes or reads it: where it ends, and what the newest commit added to it.
 * Only `GroupCommit` changes it.
 */
export class ThreadLog {
  readonly key: number;
  /** Last committed seq. */
  head: number;
  /** Last seq given out in the transaction that is open; `head` when there is none. */
  last: number;
  deleted = false;
  /** Part of the transaction that is open. */
  isTouched = false;
  /** Writers, followers and waiting deltas that hold it. */
  holders = 0;
  followers = 0;
  /** The delta that ends this thread's part of the batch: the next one of the same message joins it. */
  pending: PendingDelta | undefined;
  /** Writers of text, and text that waits for its commit. */
  #speakers = 0;
  /** Messages that were closed while somebody spoke. */
  #closed: Set<string> | undefined;
  /** What the newest transaction added, until its readers were told: a reader that is behind reads pages. */
  #fresh: EncodedEvent[] | undefined;

  constructor(key: number, head: number) {
    this.key = key;
    this.head = head;
    this.last = head;
  }

  add(event: EncodedEvent): void {
    this.last = event.seq;
    if (this.followers === 0) return;
    if (this.#fresh === undefined) this.#fresh = [event];
    else this.#fresh.push(event);
  }

  beginSpeaking(): void {
    this.#speakers++;
  }

  endSpeaking(): void {
    this.#speakers--;
    if (this.#speakers === 0) this.#closed = undefined;
  }

  /** Text that still comes for the message is dropped: whoever speaks may not have heard of its end. */
  closeMessage(messageId: string): void {
    if (this.#speakers === 0) return;
    this.#closed ??= new Set();
    this.#closed.add(messageId);
  }

  reopenMessage(messageId: string): void {
    this.#closed?.delete(messageId);
  }

  isClosed(messageId: string): boolean {
    return this.#closed?.has(messageId) ?? false;
  }

  /** What the open transaction added of a message is not sent to anybody any more. */
  eraseText(messageId: string): void {
    this.#fresh = this.#fresh?.map((event) => (event.head?.messageId === messageId ? emptyDelta(event) : event));
  }

  /** Readers were told, or there was nothing to tell. */
  forget(): void {
    this.#fresh = undefined;
  }

  /** See `Follower`. Seqs have no gaps, so a position is an index. */
  freshAfter(afterSeq: number): readonly EncodedEvent[] | undefined {
    const fresh = this.#fresh;
    const first = fresh?.[0];
    if (fresh === undefined || first === undefined || afterSeq + 1 < first.seq) return undefined;
    const from = afterSeq + 1 - first.seq;
    return from === 0 ? fresh : fresh.slice(from);
  }
}
