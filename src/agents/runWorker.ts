import type { FileStore } from '../db/fileStore.ts';
import type { MemoryStore } from '../db/memoryStore.ts';
import type { RunEnd, RunEnded } from '../db/operations/finishRun.ts';
import type { HeldRun } from '../db/operations/startRun.ts';
import type { StartedMessage } from '../db/operations/startStep.ts';
import type { RunStore } from '../db/runStore.ts';
import type { RunRow } from '../db/runs.ts';
import type { Clock } from '../protocol/clock.ts';
import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Observer, WorkSpan } from '../protocol/observer.ts';
import type { May } from '../protocol/policy.ts';
import { ownerOf } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { AgentRegistry } from './agentRegistry.ts';
import type { Budgets } from './budgets.ts';
import { agentOf, driveAgent } from './driveAgent.ts';
import type { LogFailure } from './logFailure.ts';
import { Nudges } from './nudges.ts';
import { openMemory } from './openMemory.ts';
import { OutsideFailure } from './outsideFailure.ts';
import { publicError } from './publicError.ts';
import { RunContexts } from './runContexts.ts';
import { openStatusWriter, type StatusWriter } from './statusWriter.ts';
import type { ToolHost } from './toolHost.ts';

export interface WorkerOptions {
  readonly store: RunStore;
  readonly files: FileStore;
  readonly memories: MemoryStore;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logFailure: LogFailure;
  readonly observer: Observer;
  readonly registry: AgentRegistry;
  readonly toolHost: ToolHost;
  readonly budgets: Budgets;
  readonly may: May;
  /** The public id of a thread. */
  readonly threadIdOf: (thread: number) => Promise<string>;
  /** Child runs that were made, and want room. */
  readonly spawned: (children: readonly RunRow[]) => void;
}

/** What driving an agent needs. */
export interface Drive extends WorkerOptions {
  readonly run: RunRow;
  readonly held: HeldRun;
  readonly threadId: string;
  /** The agent that speaks now. */
  readonly agentName: string;
  readonly contexts: RunContexts;
  readonly nudges: Nudges;
  readonly signal: AbortSignal;
  readonly status: StatusWriter;
  /** Withdraws a message whose stream was cut; from here on it is another attempt. */
  cut(message: StartedMessage): Promise<void>;
}

/** How an agent came to its end. */
export type Driven =
  /** `mayContinue`: messages that were steered in meanwhile may still be answered by another step. */
  | { readonly kind: 'end'; readonly end: RunEnd; readonly mayContinue: boolean }
  /** Nothing is left to do until somebody answers. The run has been given back. */
  | { readonly kind: 'waiting' }
  /** Another agent goes on, as the run's row says. */
  | { readonly kind: 'switch' };

export type WorkerResult =
  | ({ readonly kind: 'ended' } & RunEnded)
  | { readonly kind: 'waiting' }
  /** The run is still open: the server is closing, or its thread is gone, or another attempt has begun. */
  | { readonly kind: 'left' }
  /** The run is still open because nothing could be stored. */
  | { readonly kind: 'storage'; readonly error: VerbatimError };

type Stop =
  | { readonly kind: 'cancel'; readonly by: string }
  | { readonly kind: 'leave' }
  | { readonly kind: 'timeout'; readonly error: VerbatimError };

/**
 * Works on one attempt at one run until it has ended. Knows no sockets: everything it has to say goes into the log. Work that does not stop
 * when it is told to is left behind after a grace; what it still says is dropped.
 */
export class RunWorker {
  readonly run: RunRow;
  readonly #options: WorkerOptions;
  readonly #nudges = new Nudges();
  readonly #abort = new AbortController();
  readonly #leaving = new AbortController();
  #stop: Stop | undefined;

  constructor(options: WorkerOptions, run: RunRow) {
    this.#options = options;
    this.run = run;
  }

  /** Somebody has answered one of the run's calls. */
  nudge(): void {
    this.#nudges.nudge();
  }

  /** Ends the run as cancelled once its work has stopped, or the grace is over. Asking again changes nothing. */
  cancel(by: string): void {
    this.#stopWith({ kind: 'cancel', by });
  }

  /** Stops working on the run and leaves it open. */
  leave(): void {
    this.#stopWith({ kind: 'leave' });
  }

  #stopWith(stop: Stop): void {
    if (this.#stop !== undefined && stop.kind !== 'leave') return;
    this.#stop = stop;
    this.#abort.abort(reasonOf(stop));
    if (stop.kind === 'leave') this.#leaving.abort();
  }

  /** Never rejects. */
  work(): Promise<WorkerResult> {
    const { observer } = this.#options;
    const { id: runId, attempt, traceparent } = this.run;
    return observer.within(
      { kind: 'run', runId, agent: agentOf(this.run), attempt, traceparent: traceparent ?? undefined },
      async (span) => {
        const result = await this.#work(span);
        if (result.kind !== 'ended') span.tell({ result: result.kind });
        observer.attemptEnded(runId, result.kind);
        return result;
      },
    );
  }

  async #work(span: WorkSpan): Promise<WorkerResult> {
    const { clock, limits, registry, store, threadIdOf, observer } = this.#options;
    const runTimeoutMs = registry.get(agentOf(this.run))?.runTimeoutMs ?? limits.runTimeoutMs;
    const stopTimer = clock.after(runTimeoutMs, () => {
      this.#stopWith({ kind: 'timeout', error: new VerbatimError('RUN_TIMEOUT', `The run took longer than ${runTimeoutMs} ms.`) });
    });
    const held: { -readonly [Key in keyof HeldRun]: HeldRun[Key] } = {
      key: this.run.key,
      id: this.run.id,
      thread: this.run.thread,
      attempt: this.run.attempt,
    };
    const status = openStatusWriter(store, held, clock);
    let contexts: RunContexts | undefined;
    let stopDeadline = (): void => {};
    try {
      const deadline = await this.#options.budgets.deadlineOf(this.run);
      if (deadline !== undefined) {
        const leftMs = Math.max(0, deadline.at - clock.now());
        stopDeadline = clock.after(leftMs, () => this.#stopWith({ kind: 'timeout', error: deadline.error }));
      }
      const threadId = await threadIdOf(this.run.thread);
      const { id: runId, principal, attempt } = this.run;
      observer.attemptBegan({ runId, threadId, principalId: principal.id, agent: agentOf(this.run), attempt });
      span.tell({ threadId });
      const open = this.#openContexts(threadId);
      contexts = open;
      const cut = async (message: StartedMessage): Promise<void> => {
        held.attempt = (await store.cutMessage(held, message)).attempt;
      };
      const { signal } = this.#abort;
      let run = this.run;
      for (let again = false; ; ) {
        const agentName = agentOf(run);
        const drive = { run, agentName, held, threadId, contexts: open, nudges: this.#nudges, signal, status, cut, ...this.#options };
        const driven = await this.#drive(drive, again);
        if (driven === undefined) {
          await store.leave(held);
          return { kind: 'left' };
        }
        if (driven.kind === 'waiting') return driven;
        again = driven.kind === 'end';
        if (driven.kind === 'end') {
          const finished = await store.finish(held, driven.end, { mayContinue: driven.mayContinue });
          if (finished.ended) span.tell({ result: driven.end.status });
          if (finished.ended && driven.end.status === 'failed') span.fail(driven.end.error.code);
          if (finished.ended) return { kind: 'ended', next: finished.next, children: finished.children, wake: finished.wake };
          if (finished.waits) return { kind: 'waiting' };
        }
        run = (await store.read(held.key)) ?? run;
      }
    } catch (cause) {
      return this.#giveUp(cause);
    } finally {
      stopTimer();
      stopDeadline();
      status.close();
      // What is still at work, such as a tool beside one whose outcome could not be stored, is to hear of it.
      this.#abort.abort(reasonOf({ kind: 'leave' }));
      await contexts?.dispose();
    }
  }

  #openContexts(threadId: string): RunContexts {
    const { run } = this;
    const { memories, limits, clock, registry, logFailure } = this.#options;
    const memory = openMemory({ memories, limits, holder: ownerOf(run.principal), threadId });
    return new RunContexts({ run, threadId, memory, registry, clock, disposeTimeoutMs: limits.cancelGraceMs, logFailure });
  }

  /** How the run ends, or undefined to leave it open. */
  async #drive(drive: Drive, again: boolean): Promise<Driven | undefined> {
    const driving = driveAgent(drive, again);
    const graceOver = this.#graceOver();
    try {
      const driven = await Promise.race([driving, graceOver.promise]);
      // A run that was given back is ended by whoever told it to stop.
      return this.#stop === undefined || driven?.kind === 'waiting' ? driven : this.#endOf(this.#stop);
    } catch (cause) {
      if (this.#stop !== undefined) return this.#endOf(this.#stop);
      if (isStorage(cause) || isLost(cause)) throw cause;
      const outside = cause instanceof OutsideFailure ? cause : undefined;
      this.#options.logFailure({ runId: this.run.id, cause: outside?.cause ?? cause, content: outside?.content });
      if (outside !== undefined) return failedWith(outside.info);
      return failedWith(publicError(cause, 'AGENT_FAILED', 'The agent failed.'));
    } finally {
      graceOver.stop();
      // Work that outlived its grace may still reject, with nobody left to hear it.
      driving.catch(() => {});
    }
  }

  /** Resolves when the work was told to stop and the grace is over. */
  #graceOver(): { readonly promise: Promise<undefined>; readonly stop: () => void } {
    const stopped = this.#abort.signal;
    const leaving = this.#leaving.signal;
    let stopTimer = (): void => {};
    let onStop = (): void => {};
    let onLeave = (): void => {};
    const promise = new Promise<undefined>((resolve) => {
      onStop = () => {
        stopTimer = this.#options.clock.after(this.#options.limits.cancelGraceMs, () => resolve(undefined));
      };
      // A closing server waits for nobody, not even for a grace that runs: what is left goes on at the next start.
      onLeave = () => resolve(undefined);
    });
    for (const [signal, listener] of [
      [stopped, onStop],
      [leaving, onLeave],
    ] as const) {
      if (signal.aborted) listener();
      else signal.addEventListener('abort', listener, { once: true });
    }
    return {
      promise,
      stop: () => {
        stopped.removeEventListener('abort', onStop);
        leaving.removeEventListener('abort', onLeave);
        stopTimer();
      },
    };
  }

  #endOf(stop: Stop): Driven | undefined {
    switch (stop.kind) {
      case 'cancel':
        return { kind: 'end', end: { status: 'cancelled', by: stop.by }, mayContinue: false };
      case 'timeout':
        return failedWith(stop.error.info);
      case 'leave':
        return undefined;
    }
  }

  #giveUp(cause: unknown): WorkerResult {
    if (isLost(cause)) return { kind: 'left' };
    const error = isStorage(cause) ? cause : new VerbatimError('STORAGE_FAILED', 'The run could not be stored.', { cause });
    this.#options.logFailure({ runId: this.run.id, cause });
    return { kind: 'storage', error };
  }
}

function failedWith(error: ErrorInfo): Driven {
  return { kind: 'end', end: { status: 'failed', error }, mayContinue: false };
}

/** One for all: every run is left at its end, and the stack of an error takes long to write down. */
const LEAVING = new VerbatimError('SHUTTING_DOWN', 'The server is shutting down. The run goes on at its next start.');

/** What work is told. A tool that stops because the server closes has not failed: `isLeaving` tells the two apart. */
function reasonOf(stop: Stop): VerbatimError {
  if (stop.kind === 'timeout') return stop.error;
  return stop.kind === 'leave' ? LEAVING : new VerbatimError('CANCELLED', 'The run was cancelled.');
}

/** The run has ended or has another worker, or the server is closing. */
function isLost(cause: unknown): boolean {
  return cause instanceof VerbatimError && (cause.code === 'INTERRUPTED' || cause.code === 'SHUTTING_DOWN');
}

function isStorage(cause: unknown): cause is VerbatimError {
  return cause instanceof VerbatimError && (cause.code === 'STORAGE_FULL' || cause.code === 'STORAGE_FAILED');
}
