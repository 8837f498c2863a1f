import type { Usage } from '../../protocol/event.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { addUsage } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import { amountOf } from './spending.ts';

/** Counts what a model call has used: for the run, and for the day of whoever sent it. */
export function spendUsage(tx: Tx, run: RunRow, usage: Usage): void {
  tx.queries.runs.setUsage(run.key, addUsage(run.usage, usage));
  const amount = amountOf(usage);
  if (amount.tokens > 0) tx.queries.usageDays.add(ownerOf(run.principal), tx.now, amount);
}
