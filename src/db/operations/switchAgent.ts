import type { Usage } from '../../protocol/event.ts';
import { type Prices, pricedByModel } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import { assertEnabled } from './disableAgent.ts';
import { spendUsage } from './spendUsage.ts';
import { type HeldRun, heldRun } from './startRun.ts';

export interface Route {
  readonly to: string;
  readonly reason: string;
  /** What choosing took, by model. */
  readonly usage: Usage | undefined;
}

/** A router has chosen: the agent speaks from here on, also after a restart. */
export function routeRun(tx: Tx, held: HeldRun, { to, reason, usage }: Route, prices?: Prices): void {
  const run = heldRun(tx, held);
  assertEnabled(tx.queries, { agent: to });
  if (usage !== undefined) spendUsage(tx, run, pricedByModel(usage, prices));
  tx.append(run.thread, run.key, { type: 'agent.routed', runId: run.id, to, reason });
  tx.queries.runs.setAgent(run.key, { agent: to, handoffs: run.handoffs });
}
