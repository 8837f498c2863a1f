import type { ChildOutcome } from '../../protocol/event.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
import { awaitChildren } from './settleCalls.ts';
import { type SpawnPlan, spawnChildren } from './spawnChildren.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import { takeSteers } from './startStep.ts';

export type FannedOut =
  /** The runs of its agents are open: it waits for them. Those that are queued want room. */
  | { readonly kind: 'waiting'; readonly queued: readonly RunRow[] }
  /** What became of the last run of each agent. `mayContinue`: what was steered in meanwhile may still be put to them. */
  | { readonly kind: 'done'; readonly children: readonly ChildOutcome[]; readonly mayContinue: boolean };

/**
 * One step of a run that asks several agents at once: each answers what it was asked, and once more what was steered in meanwhile. What they
 * cannot be asked any more is left to a run of its own.
 */
export function fanOut(tx: Tx, held: HeldRun, plan: SpawnPlan): FannedOut {
  const run = heldRun(tx, held);
  const { runs, messages } = tx.queries;
  const isFirst = runs.children(run.key).length === 0;
  let mayContinue = true;
  if (isFirst || messages.waiting(run.key).length > 0) {
    const refused = ask(tx, run, plan);
    if (refused === undefined) takeSteers(tx, held);
    else if (isFirst) throw refused;
    else mayContinue = false;
  }
  if (awaitChildren(tx, held).kind === 'waiting') {
    return { kind: 'waiting', queued: runs.children(run.key).filter((child) => child.status === 'queued') };
  }
  const last = new Map(runs.children(run.key).map((child) => [child.agent, child]));
  return { kind: 'done', children: [...last.values()].filter((child) => !isOpen(child.status)).map(outcomeOf), mayContinue };
}

/** Makes a child run for each agent, or says why not. */
function ask(tx: Tx, run: RunRow, plan: SpawnPlan): VerbatimError | undefined {
  const gone = run.agents?.find((name) => !plan.children.some((child) => child.agent === name));
  if (gone !== undefined) return new VerbatimError('AGENT_CHANGED', `The agent ${gone} is no longer there.`);
  const spawned = spawnChildren(tx, run, { ...plan, callId: null });
  return 'error' in spawned ? new VerbatimError(spawned.error.code, spawned.error.message) : undefined;
}

function outcomeOf({ id, agent, status, error }: RunRow): ChildOutcome {
  return { runId: id, agent, status: status as ChildOutcome['status'], ...(error !== null && { error }) };
}
