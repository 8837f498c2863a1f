import { type DayBudget, quotaExceeded } from '../../protocol/budget.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import type { Tx } from '../groupCommit.ts';
import { untilTomorrow } from '../usageDays.ts';

/** Throws `QUOTA_EXCEEDED` for a principal that has used up its day. */
export function assertQuota({ queries, now }: Tx, principal: Principal, day: DayBudget | undefined): void {
  if (day === undefined) return;
  const used = queries.usageDays.get(ownerOf(principal), now);
  const exceeded = quotaExceeded(untilTomorrow(now));
  if (day.maxTokens !== undefined && used.tokens >= day.maxTokens) throw exceeded('maxTokens', day.maxTokens);
  if (day.maxCost !== undefined && used.cost >= day.maxCost) throw exceeded('maxCost', day.maxCost);
}
