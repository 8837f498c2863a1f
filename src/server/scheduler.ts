import type { Agents } from '../agents/agent.ts';
import { type LogFailure, RunWorker, type WorkerResult } from '../agents/runWorker.ts';
import type { Accepted, AcceptInput } from '../db/operations/acceptMessage.ts';
import type { CancelAsked } from '../db/operations/cancelRun.ts';
import type { Command } from '../db/operations/command.ts';
import type { RunRow } from '../db/runs.ts';
import type { Store } from '../db/sqliteStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Receipt } from '../protocol/contract.ts';
import type { ResumeReason } from '../protocol/event.ts';
import type { Limits } from '../protocol/limits.ts';
import type { RunInfo } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type DisconnectWatch, disconnectWatch, type Readers } from './disconnectWatch.ts';
import { localRunQueue, type QueuedRun, type RunQueue } from './runQueue.ts';

/** How long a run waits before it tries again to go on after nothing could be stored. */
const STORAGE_RETRY_MS = 1_000;

export interface SchedulerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly agents: Agents;
  /** Names this process in the leases of runs. */
  readonly lease: string;
  readonly readers: Readers;
  readonly logFailure: LogFailure;
}

/** Brings runs and workers together: starts what may start, in order; resumes what a crash left; ends what is cancelled. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #queue: RunQueue;
  readonly #watch: DisconnectWatch;
  readonly #workers = new Map<number, { readonly worker: RunWorker; readonly done: Promise<void> }>();
  readonly #reasons = new Map<number, ResumeReason>();
  readonly #retries = new Map<number, () => void>();
  /** Runs whose last attempt ended because the disk was full. */
  readonly #full = new Set<number>();
  #closing = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#queue = localRunQueue(options.limits, (run) => void this.#begin(run).catch((cause) => this.#report(run.run, cause)));
    this.#watch = disconnectWatch({
      clock: options.clock,
      readers: options.readers,
      graceMs: options.limits.disconnectGraceMs,
      cancel: (run) => void this.#cancelUnwatched(run).catch((cause) => this.#report(run, cause)),
    });
  }

  get activeRuns(): number {
    return this.#workers.size;
  }

  /** Makes a message and its run durable, and sees that the run is worked on. */
  async send(input: Omit<AcceptInput, 'room' | 'lease'>): Promise<Receipt> {
    if (this.#closing) throw shuttingDown();
    const principalId = input.principal.id;
    const room = this.#queue.take(principalId);
    let accepted: Accepted;
    try {
      accepted = await this.#options.store.runs.accept({ ...input, room, lease: this.#options.lease });
    } catch (cause) {
      if (room === true) this.#queue.release(principalId);
      throw cause;
    } finally {
      if (room !== true) this.#queue.arrived(principalId);
    }
    const { started, waiting, interrupted, receipt } = accepted;
    // Before the room is given back: who waited longer goes first, but an interrupting run takes the place of the one it ended.
    if (interrupted !== undefined) this.#stopWork(interrupted);
    if (started !== undefined) this.#work(started);
    else if (room === true) this.#queue.release(principalId);
    if (waiting !== undefined) this.#queue.push({ run: waiting.key, principalId });
    if (input.onDisconnect === 'cancel' && receipt.disposition !== 'steered') await this.#watchById(receipt.runId, principalId);
    return receipt;
  }

  async cancel(command: Command, runId: string): Promise<RunInfo> {
    const asked = await this.#options.store.runs.askCancel(command, runId);
    await this.#carryOut(asked, command.principalId);
    return asked.info;
  }

  /** Takes up what the last process left, and what waited. */
  async recover(): Promise<void> {
    for (const run of await this.#options.store.runs.open()) {
      if (run.cancelOnDisconnect) this.#watch.add(run.key, run.thread);
      if (run.status !== 'queued') this.#reasons.set(run.key, run.lease === null ? 'shutdown' : 'crash');
      const first = (await this.#options.store.runs.openOfThread(run.thread))[0];
      if (first?.key === run.key) this.#queue.push({ run: run.key, principalId: run.principal.id });
    }
  }

  /** The runs of a thread that is gone. */
  forget(runs: readonly RunRow[]): void {
    for (const run of runs) {
      this.#watch.remove(run.key);
      this.#queue.remove(run.key);
      this.#workers.get(run.key)?.worker.cancel('server');
    }
  }

  /** Takes nothing new, lets work finish for a while, and leaves the rest open for the next start. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    this.#queue.pause();
    this.#watch.close();
    for (const stop of this.#retries.values()) stop();
    this.#retries.clear();
    const all = (): Promise<unknown> => Promise.all([...this.#workers.values()].map(({ done }) => done));
    if (this.#workers.size > 0 && drainMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      const timeUp = new Promise((resolve) => {
        timer = setTimeout(resolve, drainMs);
      });
      await Promise.race([all(), timeUp]);
      clearTimeout(timer);
    }
    for (const { worker } of this.#workers.values()) worker.leave();
    await all();
  }

  /** A run has room: starts it, or goes on with it. */
  async #begin({ run: key, principalId }: QueuedRun): Promise<void> {
    const { store, lease, limits, agents } = this.#options;
    const reason = this.#reasons.get(key);
    const wasFull = this.#full.has(key);
    this.#reasons.delete(key);
    try {
      if (reason === undefined) {
        const started = await store.runs.start(key, lease);
        if (started !== undefined) return this.#work(started);
      } else {
        const isIdempotent = (agent: string, tool: string): boolean =>
          agents[agent]?.tools.some((candidate) => candidate.name === tool && candidate.idempotent) ?? false;
        // A full disk is not the run's doing: it goes on when there is room, however often it found none.
        const maxAttempts = this.#full.delete(key) ? Number.POSITIVE_INFINITY : limits.maxAttempts;
        const resumed = await store.runs.resume({ run: key, lease, reason, maxAttempts, isIdempotent });
        if (resumed !== undefined && 'resumed' in resumed) return this.#work(resumed.resumed);
        if (resumed !== undefined) this.#ended(key, resumed.next);
      }
      this.#queue.release(principalId);
    } catch (cause) {
      this.#queue.release(principalId);
      if (this.#closing) return;
      if (reason !== undefined) this.#reasons.set(key, reason);
      if (wasFull) this.#full.add(key);
      this.#retry(key, principalId);
      this.#report(key, cause);
    }
  }

  #work(run: RunRow): void {
    const { store, clock, limits, logFailure, agents } = this.#options;
    const agent = Object.hasOwn(agents, run.agent) ? agents[run.agent] : undefined;
    // Also a run that nobody sent as one: a steered message that outlived its run.
    if (run.cancelOnDisconnect) this.#watch.add(run.key, run.thread);
    if (agent === undefined) {
      this.#endWithoutAgent(run).catch((cause) => this.#report(run.key, cause));
      return;
    }
    const threadIdOf = (key: number): Promise<string> => store.threads.idOf(key);
    const worker = new RunWorker({ store: store.runs, clock, limits, logFailure, threadIdOf }, { run, agent });
    const done = worker.work().then((result) => this.#settle(run, result));
    this.#workers.set(run.key, { worker, done });
    if (this.#closing) worker.leave();
    this.#heedEarlierCancel(run.key, worker).catch((cause) => this.#report(run.key, cause));
  }

  /** A cancel may have come before there was a worker to hear it. */
  async #heedEarlierCancel(key: number, worker: RunWorker): Promise<void> {
    const run = await this.#options.store.runs.read(key);
    if (run === undefined) worker.cancel('server');
    else if (run.cancelBy !== null) worker.cancel(run.cancelBy);
  }

  async #endWithoutAgent(run: RunRow): Promise<void> {
    const error = new VerbatimError('AGENT_NOT_FOUND', 'The agent of this run is no longer there.').info;
    try {
      const ended = await this.#options.store.runs.endOrphan(run.key, { status: 'failed', error });
      this.#ended(run.key, ended?.next);
    } catch (cause) {
      this.#retryStorage(run.key, run.principal.id);
      throw cause;
    } finally {
      this.#queue.release(run.principal.id);
    }
  }

  #settle(run: RunRow, result: WorkerResult): void {
    this.#workers.delete(run.key);
    this.#queue.release(run.principal.id);
    if (this.#closing) return;
    if (result.kind === 'ended') this.#ended(run.key, result.next);
    if (result.kind !== 'storage') return;
    if (result.error.code === 'STORAGE_FULL') this.#full.add(run.key);
    this.#retryStorage(run.key, run.principal.id);
  }

  #ended(key: number, next: RunRow | undefined): void {
    this.#watch.remove(key);
    if (next?.status === 'queued') this.#queue.push({ run: next.key, principalId: next.principal.id });
  }

  #retryStorage(key: number, principalId: string): void {
    this.#reasons.set(key, 'storage');
    this.#retry(key, principalId);
  }

  #retry(key: number, principalId: string): void {
    if (this.#closing) return;
    const stop = this.#options.clock.after(STORAGE_RETRY_MS, () => {
      this.#retries.delete(key);
      this.#queue.push({ run: key, principalId });
    });
    this.#retries.set(key, stop);
  }

  /** Ends work on a run that is to be cancelled; one that nobody works on ends here. */
  #stopWork(run: RunRow): void {
    const by = run.cancelBy ?? run.principal.id;
    const work = this.#workers.get(run.key);
    if (work !== undefined) return work.worker.cancel(by);
    if (run.status === 'queued') {
      this.#queue.remove(run.key);
      this.#watch.remove(run.key);
    } else this.#endOrphan(run, by).catch((cause) => this.#report(run.key, cause));
  }

  async #carryOut({ active, ended, next }: Omit<CancelAsked, 'info'>, by: string): Promise<void> {
    if (ended !== undefined) {
      this.#queue.remove(ended.key);
      this.#ended(ended.key, next);
    }
    if (active === undefined) return;
    const work = this.#workers.get(active.key);
    if (work !== undefined) work.worker.cancel(by);
    else await this.#endOrphan(active, by);
  }

  /** A run at work without a worker waits for room after a crash, or for storage. */
  async #endOrphan({ key, principal }: RunRow, by: string): Promise<void> {
    const waited = this.#queue.remove(key);
    const stopRetry = this.#retries.get(key);
    stopRetry?.();
    this.#retries.delete(key);
    if (!waited && stopRetry === undefined) return;
    try {
      const ended = await this.#options.store.runs.endOrphan(key, { status: 'cancelled', by });
      this.#reasons.delete(key);
      this.#full.delete(key);
      this.#ended(key, ended?.next);
    } catch (cause) {
      // It must not be forgotten: the next try ends it, since its row says that it is to be cancelled.
      this.#retry(key, principal.id);
      throw cause;
    }
  }

  async #cancelUnwatched(key: number): Promise<void> {
    const asked = await this.#options.store.runs.cancel(key, 'disconnect');
    if (asked !== undefined) await this.#carryOut(asked, 'disconnect');
  }

  async #watchById(runId: string, principalId: string): Promise<void> {
    try {
      const { key, thread, info } = await this.#options.store.runs.get(principalId, runId);
      if (info.endedAt === undefined) this.#watch.add(key, thread);
    } catch (cause) {
      // Its thread was deleted meanwhile. The message was accepted all the same, and a retry gets the receipt of then.
      if (!(cause instanceof VerbatimError) || cause.code !== 'NOT_FOUND') throw cause;
    }
  }

  #report(run: number, cause: unknown): void {
    if (!this.#closing) this.#options.logFailure({ runId: String(run), cause });
  }
}

export function shuttingDown(): VerbatimError {
  return new VerbatimError('SHUTTING_DOWN', 'The server is shutting down. Try again in a moment.');
}
