import type { ChildOutcome } from '../../protocol/event.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen, type RunRow } from '../runs.ts';
import { awaitChildren } from './settleCalls.ts';
import { type SpawnPlan, spawnChildren } from './spawnChildren.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import { takeSteers } from './startStep.ts';

export type FannedOut =
  /** The runs of its agents are open: it waits for them. Those that are queued want room. */
  | { readonly kind: 'waiting'; readonly queued: readonly RunRow[] }
  /** What became of the last run of each agent. */
  | { readonly kind: 'done'; readonly children: readonly ChildOutcome[] };

/** One step of a run that asks several agents at once: each answers what it was asked, and once more what was steered in meanwhile. */
export function fanOut(tx: Tx, held: HeldRun, plan: SpawnPlan): FannedOut {
  const run = heldRun(tx, held);
  const { runs, messages } = tx.queries;
  const gone = run.agents?.find((name) => !plan.children.some((child) => child.agent === name));
  // Only whoever is asked something has to be there still.
  if (gone !== undefined && messages.waiting(run.key).length > 0) {
    throw new VerbatimError('AGENT_CHANGED', `The agent ${gone}, which is asked more, is no longer there.`);
  }
  if (takeSteers(tx, held) > 0) spawnChildren(tx, run, { ...plan, callId: null });
  if (awaitChildren(tx, held).kind === 'waiting') {
    return { kind: 'waiting', queued: runs.children(run.key).filter((child) => child.status === 'queued') };
  }
  const last = new Map(runs.children(run.key).map((child) => [child.agent, child]));
  return { kind: 'done', children: [...last.values()].filter((child) => !isOpen(child.status)).map(outcomeOf) };
}

function outcomeOf({ id, agent, status, error }: RunRow): ChildOutcome {
  return { runId: id, agent, status: status as ChildOutcome['status'], ...(error !== null && { error }) };
}
