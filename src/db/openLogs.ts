import type { EventDraft } from '../protocol/event.ts';
import { type EncodedEvent, encodeDelta, encodeEvent } from './encodedEvent.ts';
import type { ErasedText } from './events.ts';
import type { PendingDelta } from './pendingWrite.ts';
import type { Queries } from './queries.ts';
import { ThreadLog } from './threadLog.ts';

/** What one transaction did to the logs, once it is committed. */
export interface LogChanges {
  /** Threads whose log moved or ended. */
  readonly threads: readonly ThreadLog[];
  /** Id of the newest event; 0 when there was none. */
  readonly newestId: number;
  /** Text was removed from it. */
  readonly erased: boolean;
}

/** The logs that are held in memory, and what the open transaction does to them: nobody sees any of it before `publish`. */
export class OpenLogs {
  readonly #queries: Queries;
  readonly #logs = new Map<number, ThreadLog>();
  readonly #ended = new Set<ThreadLog>();
  #touched: ThreadLog[] = [];
  /** Messages that the open transaction closes. */
  #closed: { readonly log: ThreadLog; readonly messageId: string }[] = [];
  #newestId = 0;
  #erased = false;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  get size(): number {
    return this.#logs.size;
  }

  /** The log of a thread, from the database when it is not in memory. */
  get(thread: number): ThreadLog {
    let log = this.#logs.get(thread);
    if (log === undefined) {
      log = new ThreadLog(thread, this.#queries.events.head(thread));
      this.#logs.set(thread, log);
    }
    return log;
  }

  /** The last seq of a thread, counting what the open transaction added. Its log is in memory until the end of it: mostly, more is added. */
  headOf(thread: number): number {
    const log = this.get(thread);
    this.#touch(log);
    return log.last;
  }

  hold(thread: number): ThreadLog {
    const log = this.get(thread);
    // It may have gone since its holder last looked: what is written to it then must not be stored.
    if (log.holders === 0 && this.#queries.events.floor(thread) === undefined) log.deleted = true;
    log.holders++;
    return log;
  }

  release(log: ThreadLog): void {
    log.holders--;
    this.#drop(log);
  }

  insertEvent(thread: number, opts: { readonly run: number; readonly draft: EventDraft; readonly now: number }): number {
    const log = this.get(thread);
    const { run, draft, now } = opts;
    if (draft.type === 'message.completed' || draft.type === 'message.discarded') this.#closeMessage(log, draft.messageId);
    return this.#add(log, encodeEvent(log.last + 1, now, run, draft));
  }

  #closeMessage(log: ThreadLog, messageId: string): void {
    log.closeMessage(messageId);
    this.#closed.push({ log, messageId });
  }

  insertDelta({ stream, text }: PendingDelta, now: number): void {
    const { log, run, head } = stream;
    if (log.deleted || this.#ended.has(log) || log.isClosed(head.messageId)) return;
    this.#add(log, encodeDelta(log.last + 1, now, run, head, text));
  }

  /** Ends a thread's log: its readers end, and text that still comes for it is dropped. */
  end(thread: number): void {
    const log = this.get(thread);
    this.#touch(log);
    this.#ended.add(log);
  }

  eraseText(thread: number, text: ErasedText): void {
    this.#queries.events.eraseText(thread, text);
    this.get(thread).eraseText(text.messageId);
    this.#erased = true;
  }

  /** To be called after events were removed; returns the id of the newest one left. */
  removedEvents(): number {
    this.#newestId = this.#queries.events.newestId();
    return this.#newestId;
  }

  /** To be called before the commit. */
  writeIndex(): void {
    if (this.#newestId > 0) this.#queries.events.writeIndex(this.#newestId);
  }

  /** The transaction is committed: what it did may be seen. `forget` the threads when their readers were told. */
  publish(): LogChanges {
    const threads = this.#touched;
    for (const log of threads) log.head = log.last;
    for (const log of this.#ended) log.deleted = true;
    const newestId = this.#newestId;
    const erased = this.#erased;
    this.#clear('committed');
    return { threads, newestId, erased };
  }

  /** The transaction is rolled back. */
  undo(): void {
    const threads = this.#touched;
    for (const log of threads) log.last = log.head;
    for (const { log, messageId } of this.#closed) log.reopenMessage(messageId);
    this.#clear('rolledBack');
    this.forget(threads);
  }

  forget(logs: readonly ThreadLog[]): void {
    for (const log of logs) {
      log.forget();
      this.#drop(log);
    }
  }

  #add(log: ThreadLog, event: EncodedEvent): number {
    // First, so that `undo` finds it when the insert fails.
    this.#touch(log);
    this.#newestId = this.#queries.events.insert(log.key, event);
    log.add(event);
    return event.seq;
  }

  #touch(log: ThreadLog): void {
    if (log.isTouched) return;
    log.isTouched = true;
    this.#touched.push(log);
  }

  #drop(log: ThreadLog): void {
    if (log.holders === 0 && this.#logs.get(log.key) === log) this.#logs.delete(log.key);
  }

  #clear(outcome: 'committed' | 'rolledBack'): void {
    for (const log of this.#touched) log.isTouched = false;
    this.#touched = [];
    this.#closed = [];
    this.#ended.clear();
    this.#newestId = 0;
    this.#erased = false;
    this.#queries.events.ended(outcome);
  }
}
