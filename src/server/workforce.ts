import { RunWorker, type WorkerResult } from '../agents/runWorker.ts';
import type { CancelAsked } from '../db/operations/cancelRun.ts';
import type { RunEnded } from '../db/operations/finishRun.ts';
import type { RunRow } from '../db/runs.ts';
import type { ResumeReason } from '../protocol/event.ts';
import { ownerOf } from '../protocol/principal.ts';
import type { DisconnectWatch } from './disconnectWatch.ts';
import { localRunQueue, type QueuedRun, type RunQueue } from './runQueue.ts';
import type { WorkforceOptions } from './workforceOptions.ts';

/** How long it takes until something that could not be stored is tried again. */
export const STORAGE_RETRY_MS = 1_000;

/** The runs that are worked on here, and those that wait for room: begins them, takes them up again, and ends what is told to. */
export class Workforce {
  readonly queue: RunQueue;
  readonly #options: WorkforceOptions;
  readonly #watch: DisconnectWatch;
  readonly #workers = new Map<number, { readonly worker: RunWorker; readonly done: Promise<void> }>();
  readonly #reasons = new Map<number, ResumeReason>();
  readonly #retries = new Map<number, () => void>();
  /** Runs whose last attempt ended because the disk was full. */
  readonly #full = new Set<number>();
  #closing = false;

  constructor(options: WorkforceOptions, watch: DisconnectWatch) {
    this.#options = options;
    this.#watch = watch;
    this.queue = localRunQueue(options.limits, (run) => void this.#begin(run).catch((cause) => this.#report(run.run, cause)));
  }

  /** Whose room a run takes, and how much that principal has. */
  whose({ principal }: Pick<RunRow, 'principal'>): Omit<QueuedRun, 'run'> {
    return { principalId: ownerOf(principal), maxRuns: this.#options.limitsOf(principal).maxRunsPerPrincipal };
  }

  get size(): number {
    return this.#workers.size;
  }

  /** A run that waited has something to do. */
  wake(run: RunRow): void {
    if (this.#closing) return;
    this.#reasons.set(run.key, 'answered');
    this.queue.push({ run: run.key, ...this.whose(run) });
  }

  /** One of a run's calls was answered: its worker goes on with it, if there is one. */
  nudge(run: RunRow): void {
    this.#workers.get(run.key)?.worker.nudge();
  }

  /** A run that another process left: it goes on when there is room. */
  resume(run: RunRow, reason: ResumeReason): void {
    this.#reasons.set(run.key, reason);
    this.queue.push({ run: run.key, ...this.whose(run) });
  }

  /** A run that is gone, with its thread. */
  forget(run: RunRow): void {
    this.#watch.remove(run.key);
    this.queue.remove(run.key);
    this.#workers.get(run.key)?.worker.cancel('server');
  }

  /** Begins nothing new. */
  pause(): void {
    this.#closing = true;
    this.queue.pause();
    for (const stop of this.#retries.values()) stop();
    this.#retries.clear();
  }

  /** Resolves when nobody works any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(({ done }) => done));
  }

  /** Tells whoever works to leave, and waits for that. */
  async leave(): Promise<void> {
    for (const { worker } of this.#workers.values()) worker.leave();
    await this.idle();
  }

  /** A run has room: starts it, or goes on with it. */
  async #begin({ run: key, principalId }: QueuedRun): Promise<void> {
    const { store, lease, limits } = this.#options;
    // A run that was given back and is taken up again at once: its last worker is not gone yet.
    await this.#workers.get(key)?.done;
    const reason = this.#reasons.get(key);
    const wasFull = this.#full.has(key);
    this.#reasons.delete(key);
    try {
      const refused = await store.runs.lookAgain(key);
      if (refused !== undefined) {
        this.ended(key, refused);
      } else if (reason === undefined) {
        const started = await store.runs.start(key, lease);
        if (started !== undefined) return this.work(started);
      } else {
        // A full disk is not the run's doing: it goes on when there is room, however often it found none.
        const maxAttempts = this.#full.delete(key) ? Number.POSITIVE_INFINITY : limits.maxAttempts;
        const resumed = await (reason === 'answered'
          ? store.runs.wake(key, lease)
          : store.runs.resume({ run: key, lease, reason, maxAttempts }));
        if (resumed !== undefined && 'resumed' in resumed) return this.work(resumed.resumed);
        if (resumed !== undefined) this.ended(key, resumed);
      }
      this.queue.release(principalId);
    } catch (cause) {
      this.queue.release(principalId);
      if (this.#closing) return;
      if (reason !== undefined) this.#reasons.set(key, reason);
      if (wasFull) this.#full.add(key);
      this.#retry(key, principalId);
      this.#report(key, cause);
    }
  }

  /** Works on a run that has started and holds its room. */
  work(run: RunRow): void {
    const { store, clock, limitsOf, logFailure, observer, registry, toolHost, budgets, may } = this.#options;
    // Also a run that nobody sent as one: a steered message that outlived its run.
    if (run.cancelOnDisconnect) this.#watch.add(run.key, run.thread);
    const threadIdOf = (key: number): Promise<string> => store.threads.idOf(key);
    const spawned = (children: readonly RunRow[]): void => {
      for (const child of children) this.queue.push({ run: child.key, ...this.whose(child) });
      this.#options.onWaiting();
    };
    const { runs, files, memories } = store;
    const limits = limitsOf(run.principal);
    const work = {
      store: runs,
      files,
      memories,
      clock,
      limits,
      logFailure,
      observer,
      registry,
      toolHost,
      budgets,
      may,
      threadIdOf,
      spawned,
    };
    const worker = new RunWorker(work, run);
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

  #settle(run: RunRow, result: WorkerResult): void {
    this.#workers.delete(run.key);
    this.queue.release(ownerOf(run.principal));
    if (this.#closing) return;
    if (result.kind === 'ended') {
      this.ended(run.key, result);
      this.#options.onEnded(run);
    }
    if (result.kind === 'waiting') this.#lookAgain(run.key).catch((cause) => this.#report(run.key, cause));
    if (result.kind !== 'storage') return;
    if (result.error.code === 'STORAGE_FULL') this.#full.add(run.key);
    this.#retryStorage(run.key, ownerOf(run.principal));
  }

  /** A run was given back to wait: it may have been answered, or cancelled, just before. */
  async #lookAgain(key: number): Promise<void> {
    const run = await this.#options.store.runs.read(key);
    if (run?.status !== 'waiting') return;
    this.#options.onWaiting();
    if (run.cancelBy !== null) await this.#cancelWaiting(run, run.cancelBy);
    else if (await this.#options.store.runs.isAnswered(key)) this.wake(run);
  }

  /** What follows from the end of a run. */
  ended(key: number, { next, children, wake }: RunEnded): void {
    this.#watch.remove(key);
    // Their rows say so already: whoever works on them finds the run gone.
    for (const child of children) {
      this.queue.remove(child.key);
      this.#workers.get(child.key)?.worker.leave();
    }
    if (next?.status === 'queued') this.queue.push({ run: next.key, ...this.whose(next) });
    if (wake !== undefined) this.wake(wake);
  }

  #retryStorage(key: number, principalId: string): void {
    this.#reasons.set(key, 'storage');
    this.#retry(key, principalId);
  }

  #retry(key: number, principalId: string): void {
    if (this.#closing) return;
    const stop = this.#options.clock.after(STORAGE_RETRY_MS, () => {
      this.#retries.delete(key);
      this.queue.push({ run: key, principalId });
    });
    this.#retries.set(key, stop);
  }

  /** Ends work on a run that is to be cancelled; one that nobody works on ends here. */
  stop(run: RunRow): void {
    const by = run.cancelBy ?? run.principal.id;
    const work = this.#workers.get(run.key);
    if (work !== undefined) return work.worker.cancel(by);
    if (run.status === 'queued') {
      this.queue.remove(run.key);
      this.#watch.remove(run.key);
    } else this.#cancelWithoutWorker(run, by).catch((cause) => this.#report(run.key, cause));
  }

  /** Carries out what was recorded: that somebody wants a run to end. */
  async cancel({ active, ended, after }: Omit<CancelAsked, 'info'>, by: string): Promise<void> {
    if (ended !== undefined && after !== undefined) {
      this.queue.remove(ended.key);
      this.ended(ended.key, after);
    }
    if (active === undefined) return;
    for (const child of await this.#options.store.runs.under(active.key)) this.#workers.get(child.key)?.worker.cancel(by);
    const work = this.#workers.get(active.key);
    if (work !== undefined) work.worker.cancel(by);
    else await this.#cancelWithoutWorker(active, by);
  }

  async #cancelWithoutWorker(run: RunRow, by: string): Promise<void> {
    const now = await this.#options.store.runs.read(run.key);
    if (now?.status === 'waiting') await this.#cancelWaiting(now, by);
    else await this.#endOrphan(run, by);
  }

  /** Ends a run that waits: at once, or when those at work under it have stopped, each with its grace. */
  async #cancelWaiting(run: RunRow, by: string): Promise<void> {
    const { runs } = this.#options.store;
    let atWork = false;
    for (const child of await runs.under(run.key)) {
      const work = this.#workers.get(child.key);
      work?.worker.cancel(by);
      atWork ||= work !== undefined;
    }
    if (atWork) return;
    try {
      const ended = await runs.endOrphan(run.key, { status: 'cancelled', by });
      this.queue.remove(run.key);
      this.#reasons.delete(run.key);
      if (ended !== undefined) this.ended(run.key, ended);
    } catch (cause) {
      // It must not be forgotten: whoever takes it up again ends it, since its row says that it is to be cancelled.
      this.#reasons.set(run.key, 'answered');
      this.#retry(run.key, ownerOf(run.principal));
      throw cause;
    }
  }

  /** A run at work without a worker waits for room after a crash, or for storage. */
  async #endOrphan({ key, principal }: RunRow, by: string): Promise<void> {
    const waited = this.queue.remove(key);
    const stopRetry = this.#retries.get(key);
    stopRetry?.();
    this.#retries.delete(key);
    if (!waited && stopRetry === undefined) return;
    try {
      const ended = await this.#options.store.runs.endOrphan(key, { status: 'cancelled', by });
      this.#reasons.delete(key);
      this.#full.delete(key);
      if (ended !== undefined) this.ended(key, ended);
    } catch (cause) {
      // It must not be forgotten: the next try ends it, since its row says that it is to be cancelled.
      this.#retry(key, ownerOf(principal));
      throw cause;
    }
  }

  #report(run: number, cause: unknown): void {
    if (!this.#closing) this.#options.logFailure({ runId: String(run), cause });
  }
}
