import type { Database, Statement } from 'better-sqlite3';
import type { EventDraft } from '../protocol/event.ts';
import { type EncodedEvent, EVENT_FORMAT, encodeDelta, encodeEvent } from './encodedEvent.ts';
import type { Queries } from './queries.ts';
import { ThreadLog } from './threadLog.ts';

/** What one transaction did to the logs, once it is committed. */
export interface LogChanges {
  /** Threads whose log moved or ended. */
  readonly threads: readonly ThreadLog[];
  /** Id of the newest event; 0 when there was none. */
  readonly newestId: number;
}

/** The logs that are held in memory, and what the open transaction does to them: nobody sees any of it before `publish`. */
export class OpenLogs {
  readonly #queries: Queries;
  readonly #insert: Statement;
  readonly #logs = new Map<number, ThreadLog>();
  readonly #ended = new Set<ThreadLog>();
  #touched = new Set<ThreadLog>();
  #encoded: { readonly log: ThreadLog; readonly event: EncodedEvent }[] = [];
  #newestId = 0;

  constructor(raw: Database, queries: Queries) {
    this.#queries = queries;
    this.#insert = raw.prepare('insert into events (thread, seq, run, v, json) values (?, ?, ?, ?, ?)');
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

  /** The last seq of a thread, counting what the open transaction added. */
  headOf(thread: number): number {
    return this.#logs.get(thread)?.last ?? this.#queries.events.head(thread);
  }

  hold(thread: number): ThreadLog {
    const log = this.get(thread);
    // It may have gone since its holder last looked: what is written to it then must not be stored.
    if (log.holders === 0 && this.#queries.threads.byKey(thread) === undefined) log.deleted = true;
    log.holders++;
    return log;
  }

  release(log: ThreadLog): void {
    log.holders--;
    this.#forget(log);
  }

  insertEvent(thread: number, opts: { readonly run: number; readonly draft: EventDraft; readonly now: number }): number {
    const log = this.get(thread);
    return this.#add(log, encodeEvent(log.last + 1, opts.now, opts.run, opts.draft));
  }

  insertDelta(log: ThreadLog, delta: { readonly run: number; readonly head: string; readonly text: string; readonly now: number }): void {
    if (log.deleted || this.#ended.has(log)) return;
    const seq = log.last + 1;
    const type = delta.head.startsWith(',"type":"text') ? 'text.delta' : 'reasoning.delta';
    this.#add(log, { seq, run: delta.run, type, json: encodeDelta(seq, delta.now, delta.head, delta.text) });
  }

  /** Ends a thread's log: its readers end, and text that still comes for it is dropped. */
  end(thread: number): void {
    const log = this.get(thread);
    this.#touched.add(log);
    this.#ended.add(log);
  }

  /** To be called after events were removed; returns the id of the newest one left. */
  removedEvents(): number {
    this.#newestId = this.#queries.events.newestId();
    return this.#newestId;
  }

  /** The transaction is committed: what it did may be seen. */
  publish(): LogChanges {
    for (const { log, event } of this.#encoded) if (log.followers > 0) log.remember(event);
    for (const log of this.#touched) log.head = log.last;
    for (const log of this.#ended) log.deleted = true;
    const changes = { threads: [...this.#touched], newestId: this.#newestId };
    this.#clear();
    return changes;
  }

  /** The transaction is rolled back. */
  undo(): void {
    const touched = [...this.#touched];
    for (const log of touched) log.last = log.head;
    this.#clear();
    this.forgetUnheld(touched);
  }

  forgetUnheld(logs: readonly ThreadLog[]): void {
    for (const log of logs) this.#forget(log);
  }

  #add(log: ThreadLog, event: EncodedEvent): number {
    // First, so that `undo` finds it when the insert fails.
    this.#touched.add(log);
    this.#newestId = Number(this.#insert.run(log.key, event.seq, event.run, EVENT_FORMAT, event.json).lastInsertRowid);
    log.last = event.seq;
    this.#encoded.push({ log, event });
    return event.seq;
  }

  #forget(log: ThreadLog): void {
    if (log.holders === 0) this.#logs.delete(log.key);
  }

  #clear(): void {
    this.#touched = new Set();
    this.#ended.clear();
    this.#encoded = [];
    this.#newestId = 0;
  }
}
