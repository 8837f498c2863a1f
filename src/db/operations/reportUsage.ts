import type { Usage } from '../../protocol/event.ts';
import { type ModelUsage, type Prices, priced, priceOf, usageOfModel } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import { spendUsage } from './spendUsage.ts';
import { type HeldRun, heldRun } from './startRun.ts';

/** Counts it for the run at once: it is paid for, however the run goes on. */
export function reportUsage(tx: Tx, held: HeldRun, { model, usage }: ModelUsage, prices?: Prices): void {
  const run = heldRun(tx, held);
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, estimated } = usage;
  const used: Usage = {
    inputTokens,
    outputTokens,
    ...(cachedTokens !== undefined && { cachedTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
    ...(estimated && { estimated }),
  };
  spendUsage(tx, run, usageOfModel(model, priced(used, priceOf(prices, model))));
}
