import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';

/** Starts a queued run: its message takes its place in the transcript. The caller has checked that its thread is free. */
export function startRun(tx: Tx, run: RunRow, lease: string): RunRow {
  const { queries } = tx;
  const attempt = run.attempt + 1;
  queries.runs.start(run, { attempt, lease, now: tx.now });
  const seq = tx.append(run.thread, run.key, { type: 'run.started', runId: run.id, agent: run.agent, attempt, ...childFields(tx, run) });
  const [message] = queries.messages.waiting(run.key);
  if (message !== undefined) queries.messages.take(message.key, 'complete', seq);
  return { ...run, status: 'running', attempt, lease, startedAt: run.startedAt ?? tx.now };
}

function childFields({ queries }: Tx, { parent, parentCallId, task }: RunRow): object {
  const parentRunId = parent === null ? undefined : queries.runs.byKey(parent)?.id;
  if (parentRunId === undefined) return {};
  return { parentRunId, ...(parentCallId !== null && { parentCallId }), ...(task !== null && { task }) };
}

/** Starts a run that waited, if it still may: it is queued, and the first of its thread. */
export function startQueuedRun(tx: Tx, key: number, lease: string): RunRow | undefined {
  const run = tx.queries.runs.byKey(key);
  if (run?.status !== 'queued') return undefined;
  // A child run has its parent's place in the thread.
  if (run.parent !== null) return startRun(tx, run, lease);
  const first = tx.queries.runs.openOfThread(run.thread)[0];
  return first?.key === key ? startRun(tx, run, lease) : undefined;
}

/** The run, if `held` still names its attempt: whoever lost it learns so before anything is written. */
export function heldRun(tx: Tx, held: HeldRun): RunRow {
  const run = tx.queries.runs.byKey(held.key);
  if (run === undefined || run.attempt !== held.attempt || (run.status !== 'running' && run.status !== 'waiting')) {
    throw notHeld(held);
  }
  return run;
}

export function notHeld({ id }: HeldRun): VerbatimError {
  return new VerbatimError('INTERRUPTED', `Run ${id} is no longer this worker's.`);
}

/** A worker's claim: one attempt at one run. */
export interface HeldRun {
  readonly key: number;
  readonly id: string;
  readonly thread: number;
  readonly attempt: number;
}
