import type { ThreadSnapshot } from '../protocol/event.ts';
import type { EncodedEvent } from './encodedEvent.ts';

/** A reader's hold on one thread's log. `close` it. */
export interface Follower {
  /** Last committed seq. */
  readonly head: number;
  /** The thread is gone, and its log with it. */
  readonly deleted: boolean;
  /**
   * The events after `afterSeq`, when they are those that the newest commit added: known while the bell rings for it. Undefined says: read
   * pages.
   */
  freshAfter(afterSeq: number): readonly EncodedEvent[] | undefined;
  close(): void;
}

export interface LogBounds {
  readonly head: number;
  readonly floor: number;
}

/**
 * The committed events of all threads, for reading. What a reader sees here survives a crash. Only the stores write, and after each commit
 * the bell rings for the threads whose head moved.
 */
export interface Log {
  /** Changes when seqs may have been given out twice: a restored backup, or a power loss. */
  readonly epoch: string;
  /** Undefined for a thread that is gone. */
  bounds(thread: number): Promise<LogBounds | undefined>;
  /** Up to `limit` events after `afterSeq`, in order, but none after the one whose text passes `maxLength` units; empty at the head. */
  page(thread: number, afterSeq: number, limit: number, maxLength?: number): Promise<readonly EncodedEvent[]>;
  follow(thread: number): Follower;
  /** Ids of messages whose text was withdrawn. */
  discardedMessages(thread: number): Promise<ReadonlySet<string>>;
  /** The thread at its head: the newest messages, as many as `maxBytes` of text hold, at least one. */
  snapshot(thread: number, maxBytes?: number): Promise<ThreadSnapshot>;
  /**
   * What a reader of one run begins with when its events are gone. Of one that has ended: its messages, at the position just before its
   * terminal event, which comes with them. Of one that is still open: the thread at its head.
   */
  runSnapshot(
    thread: number,
    run: number,
    maxBytes?: number,
  ): Promise<{ readonly snapshot: ThreadSnapshot; readonly terminal: EncodedEvent | undefined }>;
}
