import type { Accepted, AcceptInput } from '../db/operations/acceptMessage.ts';
import type { Command } from '../db/operations/command.ts';
import type { RunRow } from '../db/runs.ts';
import type { Receipt } from '../protocol/contract.ts';
import type { Principal } from '../protocol/principal.ts';
import type { RunInfo } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type DisconnectWatch, disconnectWatch, type Readers } from './disconnectWatch.ts';
import { Workforce } from './workforce.ts';
import type { WorkforceOptions } from './workforceOptions.ts';

export interface SchedulerOptions extends WorkforceOptions {
  readonly readers: Readers;
  /** Throws `STORAGE_FULL` when nothing new is to be stored. */
  readonly assertRoom: () => void;
}

/** What is asked of runs, and what the last process left: made durable, and handed to those who work. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #workforce: Workforce;
  readonly #watch: DisconnectWatch;
  #closing = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#watch = disconnectWatch({
      clock: options.clock,
      readers: options.readers,
      graceMs: options.limits.disconnectGraceMs,
      cancel: (run) => void this.#cancelUnwatched(run).catch((cause) => this.#report(run, cause)),
    });
    this.#workforce = new Workforce(options, this.#watch);
  }

  get activeRuns(): number {
    return this.#workforce.size;
  }

  /** Makes a message and its run durable, and sees that the run is worked on. `accept` is an edit or a retry. */
  async send(
    input: Omit<AcceptInput, 'room' | 'lease'>,
    accept = (whole: AcceptInput): Promise<Accepted> => this.#options.store.runs.accept(whole),
  ): Promise<Receipt> {
    if (this.#closing) throw shuttingDown();
    this.#options.assertRoom();
    const whose = this.#workforce.whose(input);
    const { principalId } = whose;
    const room = this.#workforce.queue.take(principalId, whose.maxRuns);
    let accepted: Accepted;
    try {
      accepted = await accept({ room, lease: this.#options.lease, ...input });
    } catch (cause) {
      if (room === true) this.#workforce.queue.release(principalId);
      throw cause;
    } finally {
      if (room !== true) this.#workforce.queue.arrived(principalId);
    }
    const { started, waiting, interrupted, receipt } = accepted;
    // Before the room is given back: who waited longer goes first, but an interrupting run takes the place of the one it ended.
    if (interrupted !== undefined) this.#workforce.stop(interrupted);
    if (started !== undefined) this.#workforce.work(started);
    else if (room === true) this.#workforce.queue.release(principalId);
    if (waiting !== undefined) this.#workforce.queue.push({ run: waiting.key, ...whose });
    if (input.onDisconnect === 'cancel' && receipt.disposition !== 'steered') await this.#watchById(receipt.runId, input.principal);
    return receipt;
  }

  async cancel(command: Command, runId: string): Promise<RunInfo> {
    const asked = await this.#options.store.runs.askCancel(command, runId);
    await this.#workforce.cancel(asked, command.principal.id);
    return asked.info;
  }

  /** Takes up what the last process left, and what waited. */
  async recover(): Promise<void> {
    const { runs } = this.#options.store;
    const queued = new Set<number>();
    for (const run of await runs.open()) {
      if (run.cancelOnDisconnect) this.#watch.add(run.key, run.thread);
      if (run.status === 'running') this.#workforce.resume(run, run.lease === null ? 'shutdown' : 'crash');
      else if (run.status === 'waiting' && (await runs.isAnswered(run.key))) this.wake(run);
      if (run.status !== 'queued') continue;
      queued.add(run.key);
      // A child waits for room as soon as its parent has begun.
      const isNext = run.parent === null ? (await runs.openOfThread(run.thread))[0]?.key === run.key : !queued.has(run.parent);
      if (isNext) this.#workforce.queue.push({ run: run.key, ...this.#workforce.whose(run) });
    }
  }

  /** A run that waited has something to do. */
  wake(run: RunRow): void {
    this.#workforce.wake(run);
  }

  /** One of a run's calls was answered: its worker goes on with it, if there is one. */
  nudge(run: RunRow): void {
    this.#workforce.nudge(run);
  }

  /** The runs of a thread that is gone. */
  forget(runs: readonly RunRow[]): void {
    for (const run of runs) this.#workforce.forget(run);
  }

  /** Takes nothing new, lets work finish for a while, and leaves the rest open for the next start. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    this.#workforce.pause();
    this.#watch.close();
    if (this.#workforce.size > 0 && drainMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      const timeUp = new Promise((resolve) => {
        timer = setTimeout(resolve, drainMs);
      });
      await Promise.race([this.#workforce.idle(), timeUp]);
      clearTimeout(timer);
    }
    await this.#workforce.leave();
  }

  async #cancelUnwatched(key: number): Promise<void> {
    const asked = await this.#options.store.runs.cancel(key, 'disconnect');
    if (asked !== undefined) await this.#workforce.cancel(asked, 'disconnect');
  }

  async #watchById(runId: string, principal: Principal): Promise<void> {
    try {
      const { key, thread, info } = await this.#options.store.runs.get(principal, runId);
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
