import type { Database, Statement } from 'better-sqlite3';
import type { Clock } from '../protocol/clock.ts';
import type { EventDraft } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type EncodedEvent, EVENT_FORMAT, encodeDelta, encodeEvent } from './encodedEvent.ts';
import type { Queries } from './queries.ts';
import { storageError } from './storageError.ts';
import { ThreadLog } from './threadLog.ts';

/** What an operation may do inside the transaction. It looks first and writes after: what it throws must leave nothing behind. */
export interface Tx {
  readonly queries: Queries;
  readonly now: number;
  /** Adds an event to a thread's log and returns its seq. `run` is the run's key; 0 for none. */
  append(thread: number, run: number, draft: EventDraft): number;
  /** The last seq of a thread, counting what this transaction appended. */
  headOf(thread: number): number;
  /** Ends a thread's log: its readers end, and nothing can be appended to it. */
  endLog(thread: number): void;
  /** To be called after events were removed: the newest may have been among them. */
  removedEvents(): void;
}

/** Text that waits for the next commit. Text of the same message that arrives before it is joined to it. */
export interface PendingDelta {
  readonly kind: 'delta';
  readonly log: ThreadLog;
  readonly run: number;
  readonly head: string;
  text: string;
  readonly fail: (error: VerbatimError) => void;
}

interface PendingOperation {
  readonly kind: 'operation';
  readonly run: (tx: Tx) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  outcome: { readonly result: unknown } | { readonly refused: VerbatimError } | undefined;
}

export interface GroupCommitOptions {
  readonly raw: Database;
  readonly queries: Queries;
  readonly clock: Clock;
  /** Called after each commit with the threads whose head moved: only now may anybody see it. */
  readonly onCommit: (threads: readonly ThreadLog[]) => void;
  /** Told the id of the newest event: after a commit, and before one that removed events, or a crash in between would look like a restored backup. */
  readonly recordHighWater: (id: number) => void;
}

/** Longest a commit waits under load. */
const MAX_GAP_MS = 3;

/**
 * The only writer: everything that is asked for within one turn of the event loop, over all threads, goes into one transaction, in order.
 * An idle server commits at once; under load the gap between commits grows with their cost, up to 3 ms, so that more shares each one.
 *
 * An operation that refuses (throws `VerbatimError`) fails alone. One that breaks is taken out and the others are run again. When the
 * storage fails, all of the batch fails, and nothing of it is seen.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #insert: Statement;
  readonly #logs = new Map<number, ThreadLog>();
  #pending: (PendingDelta | PendingOperation)[] = [];
  #committed: (() => void)[] = [];
  #scheduled = false;
  #closed = false;
  #lastEndMs = 0;
  #lastCostMs = 0;
  #newestId = 0;
  #touched = new Set<ThreadLog>();
  readonly #ended = new Set<ThreadLog>();
  #encoded: { readonly log: ThreadLog; readonly event: EncodedEvent }[] = [];

  constructor(options: GroupCommitOptions) {
    const { raw } = options;
    this.#options = options;
    this.#begin = raw.prepare('begin immediate');
    this.#commit = raw.prepare('commit');
    this.#rollback = raw.prepare('rollback');
    this.#insert = raw.prepare('insert into events (thread, seq, run, v, json) values (?, ?, ?, ?, ?)');
  }

  /** Runs an operation in the next commit and resolves when it is durable. It may be run more than once; only the last time counts. */
  run<T>(operation: (tx: Tx) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#endMerging();
      this.#add({ kind: 'operation', run: operation, resolve, reject, outcome: undefined });
    });
  }

  /** Adds text to a thread's log. Does not wait: `fail` is called if it could not be committed. */
  appendDelta(delta: Omit<PendingDelta, 'kind'>): void {
    const { pending } = delta.log;
    if (pending !== undefined && pending.head === delta.head) {
      pending.text += delta.text;
      return;
    }
    const entry: PendingDelta = { kind: 'delta', ...delta };
    delta.log.pending = entry;
    this.#add(entry);
  }

  /** Resolves after the commit that takes what was added so far, whether it succeeded or not. */
  committed(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#committed.push(resolve));
  }

  /** The log of a thread in memory; `release` it when done. */
  hold(thread: number): ThreadLog {
    const log = this.#logOf(thread);
    log.holders++;
    return log;
  }

  release(log: ThreadLog): void {
    log.holders--;
    if (log.holders === 0 && log.pending === undefined && !this.#touched.has(log)) this.#logs.delete(log.key);
  }

  /** Threads held in memory: zero when nobody writes or reads. */
  get heldLogs(): number {
    return this.#logs.size;
  }

  /** Commits what is waiting and refuses everything after it. */
  close(): void {
    if (this.#pending.length > 0) this.#flush();
    this.#closed = true;
  }

  /** As the end of the process leaves it: what waits is not written, and all is refused from now on. */
  abandon(): void {
    this.#closed = true;
    const batch = this.#pending;
    const waiting = this.#committed;
    this.#pending = [];
    this.#committed = [];
    for (const entry of batch) this.#refuse(entry);
    for (const resolve of waiting) resolve();
  }

  #refuse(entry: PendingDelta | PendingOperation): void {
    const error = new VerbatimError('SHUTTING_DOWN', 'The server is shutting down. Try again in a moment.');
    if (entry.kind === 'delta') entry.log.pending = undefined;
    if (entry.kind === 'delta') entry.fail(error);
    else entry.reject(error);
  }

  #add(entry: PendingDelta | PendingOperation): void {
    if (this.#closed) return this.#refuse(entry);
    this.#pending.push(entry);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const waitMs = Math.min(MAX_GAP_MS, Math.max(1, 3 * this.#lastCostMs)) - (performance.now() - this.#lastEndMs);
    if (waitMs > 0) setTimeout(this.#flush, waitMs);
    else setImmediate(this.#flush);
  }

  /** An operation may append to any thread: text after it must not join text before it. */
  #endMerging(): void {
    for (let index = this.#pending.length - 1; index >= 0; index--) {
      const entry = this.#pending[index];
      if (entry?.kind !== 'delta') return;
      entry.log.pending = undefined;
    }
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#pending.length === 0) return;
    const startMs = performance.now();
    const batch = this.#pending;
    const waiting = this.#committed;
    this.#pending = [];
    this.#committed = [];
    for (const entry of batch) if (entry.kind === 'delta') entry.log.pending = undefined;
    this.#settle(batch);
    for (const resolve of waiting) resolve();
    this.#lastEndMs = performance.now();
    this.#lastCostMs = this.#lastEndMs - startMs;
  };

  #settle(batch: readonly (PendingDelta | PendingOperation)[]): void {
    let entries = batch;
    while (entries.length > 0) {
      const broken = this.#attempt(entries);
      if (broken === undefined) {
        this.#publish();
        for (const entry of entries) {
          if (entry.kind === 'delta' || entry.outcome === undefined) continue;
          if ('refused' in entry.outcome) entry.reject(entry.outcome.refused);
          else entry.resolve(entry.outcome.result as never);
        }
        return;
      }
      this.#undo();
      const storage = storageError(broken.cause);
      const failed = storage === undefined && broken.entry !== undefined ? [broken.entry] : entries;
      const error = storage ?? broken.cause;
      for (const entry of failed) {
        if (entry.kind === 'operation') entry.reject(error);
        else entry.fail(storage ?? new VerbatimError('STORAGE_FAILED', 'The server could not store this. Try again.', { cause: error }));
      }
      entries = failed === entries ? [] : entries.filter((entry) => entry !== broken.entry);
    }
  }

  /** Undefined when all is committed; else what broke, and at which entry when it was one's own doing. */
  #attempt(
    entries: readonly (PendingDelta | PendingOperation)[],
  ): { readonly entry: PendingDelta | PendingOperation | undefined; readonly cause: unknown } | undefined {
    let current: PendingDelta | PendingOperation | undefined;
    try {
      this.#begin.run();
      const now = this.#options.clock.now();
      const tx: Tx = {
        queries: this.#options.queries,
        now,
        append: (thread, run, draft) => {
          const log = this.#logOf(thread);
          return this.#insertEvent(log, encodeEvent(log.last + 1, now, run, draft));
        },
        headOf: (thread) => this.#logs.get(thread)?.last ?? this.#options.queries.events.head(thread),
        removedEvents: () => this.#options.recordHighWater(this.#options.queries.events.newestId()),
        endLog: (thread) => {
          this.#touched.add(this.#logOf(thread));
          this.#ended.add(this.#logOf(thread));
        },
      };
      for (current of entries) {
        if (current.kind === 'delta') this.#insertDelta(current, now);
        else this.#perform(current, tx);
      }
      current = undefined;
      this.#commit.run();
      return undefined;
    } catch (cause) {
      if (this.#options.raw.inTransaction) this.#rollback.run();
      return { entry: current, cause };
    }
  }

  #perform(entry: PendingOperation, tx: Tx): void {
    try {
      entry.outcome = { result: entry.run(tx) };
    } catch (error) {
      if (!(error instanceof VerbatimError)) throw error;
      entry.outcome = { refused: error };
    }
  }

  #insertDelta({ log, run, head, text }: PendingDelta, now: number): void {
    if (log.deleted || this.#ended.has(log)) return;
    const seq = log.last + 1;
    this.#insertEvent(log, {
      seq,
      run,
      type: head.startsWith(',"type":"text') ? 'text.delta' : 'reasoning.delta',
      json: encodeDelta(seq, now, head, text),
    });
  }

  #insertEvent(log: ThreadLog, event: EncodedEvent): number {
    this.#newestId = Number(this.#insert.run(log.key, event.seq, event.run, EVENT_FORMAT, event.json).lastInsertRowid);
    log.last = event.seq;
    this.#touched.add(log);
    this.#encoded.push({ log, event });
    return event.seq;
  }

  #publish(): void {
    for (const { log, event } of this.#encoded) if (log.followers > 0) log.remember(event);
    const touched = [...this.#touched];
    for (const log of touched) log.head = log.last;
    for (const log of this.#ended) log.deleted = true;
    this.#clear();
    if (this.#newestId > 0) this.#options.recordHighWater(this.#newestId);
    this.#newestId = 0;
    if (touched.length > 0) this.#options.onCommit(touched);
    for (const log of touched) if (log.holders === 0 && log.pending === undefined) this.#logs.delete(log.key);
  }

  #undo(): void {
    for (const log of this.#touched) {
      log.last = log.head;
      if (log.holders === 0) this.#logs.delete(log.key);
    }
    this.#clear();
  }

  #clear(): void {
    this.#touched = new Set();
    this.#ended.clear();
    this.#encoded = [];
  }

  #logOf(thread: number): ThreadLog {
    let log = this.#logs.get(thread);
    if (log === undefined) {
      log = new ThreadLog(thread, this.#options.queries.events.head(thread));
      this.#logs.set(thread, log);
    }
    return log;
  }
}
