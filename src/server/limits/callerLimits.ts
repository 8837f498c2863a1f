import type { DayBudget } from '../../protocol/budget.ts';
import { DEFAULT_LIMITS, type Limits } from '../../protocol/limits.ts';
import type { Principal } from '../../protocol/principal.ts';
import { type LimitsOf, limitsByTier, UNBOUNDED_CALLERS } from '../../protocol/tiers.ts';
import { methodsOf } from '../auth/methodsOf.ts';
import type { ServerOptions } from '../serverOptions.ts';
import { ConnectionPlaces } from './connectionPlaces.ts';
import { Handshakes } from './handshakes.ts';

/** What bounds the callers of one server. */
export interface CallerLimits {
  readonly limits: Limits;
  readonly limitsOf: LimitsOf;
  readonly dayBudgetOf: (principal: Principal) => DayBudget | undefined;
  readonly handshakes: Handshakes;
  readonly places: ConnectionPlaces;
}

/** Where nobody is asked who they are, nothing bounds a caller but what the options say. */
export function callerLimits(options: ServerOptions): CallerLimits {
  const limits: Limits = { ...DEFAULT_LIMITS, ...(methodsOf(options) === undefined && UNBOUNDED_CALLERS), ...options.limits };
  const limitsOf = limitsByTier(limits, options.tiers);
  const { duplicates = 'allow' } = options.connections ?? {};
  return {
    limits,
    limitsOf,
    dayBudgetOf: (principal) => dayBudget(limitsOf(principal)),
    handshakes: new Handshakes(limits),
    places: new ConnectionPlaces({ limits, limitsOf, duplicates }),
  };
}

/** Without what has no end: under a budget of cost no model is called of which nobody knows what it costs. */
function dayBudget({ tokensPerDay: maxTokens, costPerDay: maxCost }: Limits): DayBudget | undefined {
  const day = { ...(Number.isFinite(maxTokens) && { maxTokens }), ...(Number.isFinite(maxCost) && { maxCost }) };
  return Object.keys(day).length === 0 ? undefined : day;
}
