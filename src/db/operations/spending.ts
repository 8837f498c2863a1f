import type { Budget } from '../../protocol/budget.ts';
import type { Usage } from '../../protocol/event.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import { lineageOf } from './lineage.ts';

/** What a run and those under it have used so far. */
export interface Spending {
  readonly key: number;
  readonly agent: string;
  /** What it was sent with. */
  readonly budget: Budget | null;
  readonly startedAt: number | null;
  readonly tokens: number;
  /** Of the models that have a price. */
  readonly cost: number;
  /** Model calls. */
  readonly steps: number;
}

/** Of a run, and of those above it up to its root. */
export function spendingOf(queries: Queries, run: RunRow): readonly Spending[] {
  return lineageOf(queries, run).map((row) => {
    const { key, agent, budget, startedAt } = row;
    return { key, agent, budget, startedAt, ...usedBy(queries, row) };
  });
}

/** Children that have ended are in the usage of their parents. */
function usedBy(queries: Queries, run: RunRow): Pick<Spending, 'tokens' | 'cost' | 'steps'> {
  let { tokens, cost } = amountOf(run.usage);
  let steps = queries.steps.lastNumber(run.key);
  for (const child of queries.runs.children(run.key)) {
    const under = usedBy(queries, child);
    steps += under.steps;
    if (child.endedAt !== null) continue;
    tokens += under.tokens;
    cost += under.cost;
  }
  return { tokens, cost, steps };
}

export function amountOf({ inputTokens, outputTokens, cost, models }: Usage): { readonly tokens: number; readonly cost: number } {
  const known = cost ?? Object.values(models ?? {}).reduce((sum, counts) => sum + (counts.cost ?? 0), 0);
  return { tokens: inputTokens + outputTokens, cost: known };
}
