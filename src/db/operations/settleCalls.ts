import type { Tx } from '../groupCommit.ts';
import type { Queries } from '../queries.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { awaitAnswers } from './awaitAnswers.ts';
import { toWake } from './childEnded.ts';
import { canonical } from './command.ts';
import { endRun } from './finishRun.ts';
import { beginCall, type CallStart } from './recordCall.ts';
import type { Resumed } from './resumeRun.ts';
import { type HeldRun, heldRun } from './startRun.ts';

export type Settled =
  /** Every call has its outcome. `failures` is the call that failed oftenest, with one and the same input. */
  | { readonly kind: 'done'; readonly failures: { readonly most: number; readonly tool: string } }
  /** These were let through, and are to be carried out. */
  | { readonly kind: 'ready'; readonly calls: readonly ReadyCall[] }
  /** Nothing is left to do until somebody answers: the run waits, and is given back. */
  | { readonly kind: 'waiting' };

/** With the agent that asked for it. */
export type ReadyCall = ToolCallRow & { readonly agent: string | null };

/** What is to be done about the open calls of a run whose worker has nothing at work. Looked at and decided in one transaction. */
export function settleCalls(tx: Tx, held: HeldRun): Settled {
  const run = heldRun(tx, held);
  const open = tx.queries.toolCalls.open(run.key);
  const ready = readyCalls(tx.queries, held);
  if (ready.length > 0) return { kind: 'ready', calls: ready };
  const callIds = open.filter((call) => call.status === 'waiting').map((call) => call.id);
  return callIds.length === 0 ? { kind: 'done', failures: repeatedFailures(tx.queries, run) } : awaitAnswers(tx, run, callIds);
}

/** Calls that were let through, and that nobody has begun to carry out. */
export function readyCalls(queries: Queries, held: HeldRun): readonly ReadyCall[] {
  return withAgents(
    queries,
    queries.toolCalls.open(held.key).filter((call) => call.status === 'ready'),
  );
}

export function withAgents(queries: Queries, calls: readonly ToolCallRow[]): readonly ReadyCall[] {
  return calls.map((call) => ({ ...call, agent: queries.messages.agentOf(call.message) ?? null }));
}

function repeatedFailures(queries: Queries, run: RunRow): { readonly most: number; readonly tool: string } {
  const counts = new Map<string, number>();
  let worst = { most: 0, tool: '' };
  for (const { tool, input, rejected } of queries.toolCalls.failed(run.key)) {
    const same = `${tool} ${rejected ?? canonical(input)}`;
    const count = (counts.get(same) ?? 0) + 1;
    counts.set(same, count);
    if (count > worst.most) worst = { most: count, tool };
  }
  return worst;
}

/** Waits for the runs under it, which no call asked for. */
export function awaitChildren(tx: Tx, held: HeldRun): { readonly kind: 'done' | 'waiting' } {
  const run = heldRun(tx, held);
  return tx.queries.runs.children(run.key).some((child) => isOpen(child.status)) ? awaitAnswers(tx, run, []) : { kind: 'done' };
}

/** Begins a call that was let through. Returns the child runs that it made. */
export function beginReady(tx: Tx, held: HeldRun, callId: string, start: CallStart): readonly RunRow[] {
  const run = heldRun(tx, held);
  return tx.queries.toolCalls.byId(callId)?.status === 'ready' ? beginCall(tx, run, callId, start) : [];
}

/** Takes up a run that waited, if it still does and there is something to do; ends it when it was cancelled meanwhile. */
export function wakeRun(tx: Tx, key: number, lease: string): Resumed {
  const run = toWake(tx.queries, key);
  if (run === undefined) return undefined;
  if (run.cancelBy !== null) return { ended: true, ...endRun(tx, run, { status: 'cancelled', by: run.cancelBy }) };
  tx.queries.runs.start(run, { attempt: run.attempt, lease, now: tx.now });
  tx.append(run.thread, run.key, { type: 'run.resumed', runId: run.id, attempt: run.attempt, reason: 'answered' });
  return { resumed: { ...run, status: 'running', lease } };
}
