import type { Database, Statement } from 'better-sqlite3';
import type { Clock } from '../protocol/clock.ts';
import type { EventDraft } from '../protocol/event.ts';
import { type Observer, silentObserver } from '../protocol/observer.ts';
import type { May } from '../protocol/policy.ts';
import { type LimitsOf, unboundedCallers } from '../protocol/tiers.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { ErasedText } from './events.ts';
import { OpenLogs } from './openLogs.ts';
import { type DeltaStream, PendingDelta, type PendingOperation, type PendingWrite } from './pendingWrite.ts';
import type { Queries } from './queries.ts';
import { notStored, storageError } from './storageError.ts';
import type { ThreadLog } from './threadLog.ts';

/** What an operation may do inside the transaction. It looks first and writes after: one that throws after it wrote makes the others be done again. */
export interface Tx {
  readonly queries: Queries;
  /** The policy that holds. */
  readonly may: May;
  /** The limits that hold for a principal. */
  readonly limitsOf: LimitsOf;
  readonly now: number;
  /** Adds an event to a thread's log and returns its seq. `run` is the run's key; 0 for none. */
  append(thread: number, run: number, draft: EventDraft): number;
  /** The last seq of a thread, counting what this transaction appended. */
  headOf(thread: number): number;
  /** Ends a thread's log: its readers end, and nothing can be appended to it. */
  endLog(thread: number): void;
  /** To be called after events were removed: the newest may have been among them. */
  removedEvents(): void;
  /** Removes the text of a message from the log. Its events keep their positions, and are empty. */
  eraseText(thread: number, text: ErasedText): void;
}

export interface GroupCommitOptions {
  readonly raw: Database;
  readonly queries: Queries;
  readonly may: May;
  /** Default: nothing bounds callers. */
  readonly limitsOf?: LimitsOf | undefined;
  readonly clock: Clock;
  /** Called after each commit with the threads whose head moved: only now may anybody see it. */
  readonly onCommit: (threads: readonly ThreadLog[]) => void;
  /** Told the id of the newest event: after a commit, and before one that removed events, or a crash in between would look like a restored backup. */
  readonly recordHighWater: (id: number) => void;
  /** Called after each commit that erased text. */
  readonly onErased: () => void;
  readonly observer?: Observer | undefined;
  /** Told each event that was committed, text aside, and the key of its run. */
  readonly onAppended?: ((event: EventDraft, run: number) => void) | undefined;
}

/** Longest and shortest gap between commits under load. */
const MAX_GAP_MS = 3;
const MIN_GAP_MS = 1;
/** The gap in costs of the last commit, delivery included. At 6, and not 3, ten streams to a socket cost 10 % less, 0.3 ms later. */
const GAP_PER_COST = 6;

/**
 * The only writer: everything that is asked for within one turn of the event loop, over all threads, goes into one transaction, in order.
 * An idle server commits at once; under load the gap between commits grows with their cost, up to 3 ms, so that more shares each one.
 *
 * An operation that refuses (throws `VerbatimError`) fails alone, and nothing of it stays. One that breaks, or refuses after it has written, is
 * taken out and the others are run again. When the
 * storage fails, all of the batch fails, and nothing of it is seen.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #changes: Statement<[], number>;
  readonly #limitsOf: LimitsOf;
  readonly #logs: OpenLogs;
  readonly #observer: Observer;
  /** What the open transaction appends, where somebody is to be told. */
  #appended: { readonly event: EventDraft; readonly run: number }[] | undefined;
  #pending: PendingWrite[] = [];
  #committed: (() => void)[] = [];
  #scheduled = false;
  #closed = false;
  #lastEndMs = 0;
  #lastCostMs = 0;

  constructor(options: GroupCommitOptions) {
    const { raw } = options;
    this.#options = options;
    this.#limitsOf = options.limitsOf ?? unboundedCallers();
    this.#begin = raw.prepare('begin immediate');
    this.#commit = raw.prepare('commit');
    this.#rollback = raw.prepare('rollback');
    this.#changes = raw.prepare<[], number>('select total_changes()').pluck();
    this.#logs = new OpenLogs(options.queries);
    this.#observer = options.observer ?? silentObserver;
  }

  /** Runs an operation in the next commit and resolves when it is durable. It may be run more than once; only the last time counts. */
  run<T>(operation: (tx: Tx) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#endMerging();
      this.#add({ kind: 'operation', run: operation, resolve, reject, outcome: undefined });
    });
  }

  /** Pieces of text that were given, before any of them were merged. */
  deltas = 0;

  /** Adds text to a thread's log. Does not wait: the stream's `fail` is called if it could not be committed. */
  appendDelta(stream: DeltaStream, text: string): void {
    const { log } = stream;
    this.deltas++;
    if (log.pending?.stream === stream) {
      log.pending.text += text;
      return;
    }
    const entry = new PendingDelta(stream, text);
    if (!this.#add(entry)) return;
    // Until it is committed it holds the log: its writer may be gone by then, and another log of the same thread would give out the same seq.
    log.holders++;
    log.beginSpeaking();
    log.pending = entry;
  }

  /** Resolves after the commit that takes what was added so far, whether it succeeded or not. */
  committed(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#committed.push(resolve));
  }

  /** The log of a thread in memory; `release` it when done. */
  hold(thread: number): ThreadLog {
    return this.#logs.hold(thread);
  }

  release(log: ThreadLog): void {
    this.#logs.release(log);
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
    for (const entry of batch) {
      this.#refuse(entry);
      if (entry.kind !== 'delta') continue;
      entry.stream.log.pending = undefined;
      this.#spoken(entry);
    }
    for (const resolve of waiting) resolve();
  }

  #spoken({ stream: { log } }: PendingDelta): void {
    log.endSpeaking();
    this.release(log);
  }

  #refuse(entry: PendingWrite): void {
    const error = new VerbatimError('SHUTTING_DOWN', 'The server is shutting down. Try again in a moment.');
    if (entry.kind === 'delta') entry.stream.fail(error);
    else entry.reject(error);
  }

  /** False when it is refused. */
  #add(entry: PendingWrite): boolean {
    if (this.#closed) {
      this.#refuse(entry);
      return false;
    }
    this.#pending.push(entry);
    if (this.#scheduled) return true;
    this.#scheduled = true;
    const waitMs = Math.min(MAX_GAP_MS, Math.max(MIN_GAP_MS, GAP_PER_COST * this.#lastCostMs)) - (performance.now() - this.#lastEndMs);
    if (waitMs > 0) setTimeout(this.#flush, waitMs);
    else setImmediate(this.#flush);
    return true;
  }

  /** An operation may append to any thread: text after it must not join text before it. */
  #endMerging(): void {
    for (let index = this.#pending.length - 1; index >= 0; index--) {
      const entry = this.#pending[index];
      if (entry?.kind !== 'delta') return;
      entry.stream.log.pending = undefined;
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
    for (const entry of batch) if (entry.kind === 'delta') entry.stream.log.pending = undefined;
    this.#settle(batch);
    for (const entry of batch) if (entry.kind === 'delta') this.#spoken(entry);
    for (const resolve of waiting) resolve();
    this.#lastEndMs = performance.now();
    this.#lastCostMs = this.#lastEndMs - startMs;
  };

  #settle(batch: readonly PendingWrite[]): void {
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
      this.#logs.undo();
      // What broke at no entry's own doing, such as a lock that another program holds, is the storage's.
      const storage = storageError(broken.cause) ?? (broken.entry === undefined ? notStored(broken.cause) : undefined);
      const failed = storage === undefined && broken.entry !== undefined ? [broken.entry] : entries;
      for (const entry of failed) {
        if (entry.kind === 'operation') entry.reject(storage ?? broken.cause);
        else entry.stream.fail(storage ?? notStored(broken.cause));
      }
      entries = failed === entries ? [] : entries.filter((entry) => entry !== broken.entry);
    }
  }

  /** Undefined when all is committed; else what broke, and at which entry when it was one's own doing. */
  #attempt(entries: readonly PendingWrite[]): { readonly entry: PendingWrite | undefined; readonly cause: unknown } | undefined {
    let current: PendingWrite | undefined;
    const startMs = performance.now();
    this.#appended = this.#options.onAppended === undefined ? undefined : [];
    try {
      this.#begin.run();
      const now = this.#options.clock.now();
      const tx: Tx = {
        queries: this.#options.queries,
        may: this.#options.may,
        limitsOf: this.#limitsOf,
        now,
        append: (thread, run, draft) => {
          this.#appended?.push({ event: draft, run });
          return this.#logs.insertEvent(thread, { run, draft, now });
        },
        headOf: (thread) => this.#logs.headOf(thread),
        endLog: (thread) => this.#logs.end(thread),
        eraseText: (thread, text) => this.#logs.eraseText(thread, text),
        removedEvents: () => this.#options.recordHighWater(this.#logs.removedEvents()),
      };
      for (current of entries) {
        if (current.kind === 'delta') this.#logs.insertDelta(current, now);
        else this.#perform(current, tx);
      }
      current = undefined;
      this.#logs.writeIndex();
      this.#commit.run();
      this.#observer.committed(entries.length, performance.now() - startMs);
      return undefined;
    } catch (cause) {
      if (this.#options.raw.inTransaction) this.#rollback.run();
      this.#options.queries.runs.forgetKept();
      return { entry: current, cause };
    }
  }

  #perform(entry: PendingOperation, tx: Tx): void {
    const before = this.#changes.get();
    try {
      entry.outcome = { result: entry.run(tx) };
    } catch (error) {
      if (!(error instanceof VerbatimError) || this.#changes.get() !== before) throw error;
      entry.outcome = { refused: error };
    }
  }

  #publish(): void {
    const { threads, newestId, erased } = this.#logs.publish();
    if (erased) this.#options.onErased();
    if (newestId > 0) this.#options.recordHighWater(newestId);
    if (threads.length > 0) this.#options.onCommit(threads);
    this.#logs.forget(threads);
    for (const { event, run } of this.#appended ?? []) this.#options.onAppended?.(event, run);
  }
}
