import type { ErrorCode } from './errorCodes.ts';
import { VerbatimError } from './verbatimError.ts';

/** What a run may use, with the runs under it. Past any of them it ends with `BUDGET_EXCEEDED`, and its text is kept. */
export interface Budget {
  /** Input and output together. While a model streams they are estimated; what it reports takes the place of that. */
  readonly maxTokens?: number;
  /** In the unit of the server's `prices`. A model without a price is not called under it. */
  readonly maxCost?: number;
  /** Model calls. */
  readonly maxSteps?: number;
  /** From its start. A run that waits for a person is ended when it would go on. */
  readonly maxDurationMs?: number;
}

const NAMES = ['maxTokens', 'maxCost', 'maxSteps', 'maxDurationMs'] as const satisfies readonly (keyof Budget)[];

/** What both allow; undefined when neither says anything. */
export function tighter(
  ...budgets: readonly ({ readonly [Name in keyof Budget]: Budget[Name] | undefined } | null | undefined)[]
): Budget | undefined {
  const merged: { -readonly [Name in keyof Budget]: Budget[Name] } = {};
  for (const budget of budgets) {
    for (const name of NAMES) {
      const value = budget?.[name];
      if (value !== undefined) merged[name] = Math.min(merged[name] ?? value, value);
    }
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}

/** What is wrong with a budget, or undefined: for those whom no compiler tells. */
export function budgetFault(budget: unknown): string | undefined {
  if (typeof budget !== 'object' || budget === null) return 'must be an object such as { maxTokens: 10_000 }';
  for (const [name, value] of Object.entries(budget)) {
    if (!NAMES.some((known) => known === name)) return `has "${name}"; there are ${NAMES.join(', ')}`;
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      return `has \`${name}: ${String(value)}\`: it must be a number above 0`;
  }
  return undefined;
}

/** What a principal may use in one day, counted from midnight UTC. */
export type DayBudget = Pick<Budget, 'maxTokens' | 'maxCost'>;

const WHAT: { readonly [Name in keyof Budget]-?: string } = {
  maxTokens: 'tokens',
  maxCost: 'in cost',
  maxSteps: 'model calls',
  maxDurationMs: 'ms',
};

export function budgetExceeded(limit: keyof Budget, max: number): VerbatimError {
  return refusal('BUDGET_EXCEEDED', `The run has used up its budget of ${max} ${WHAT[limit]}.`, { limit, max });
}

export function quotaExceeded(retryAfterMs: number): (limit: keyof Budget, max: number) => VerbatimError {
  return (name, max) => {
    const limit = name === 'maxCost' ? 'costPerDay' : 'tokensPerDay';
    return refusal('QUOTA_EXCEEDED', `You have used up the ${max} ${WHAT[name]} of this day.`, { limit, max, retryAfterMs });
  };
}

function refusal(
  code: ErrorCode,
  message: string,
  details: { readonly limit: string; readonly max: number; readonly retryAfterMs?: number },
): VerbatimError {
  return new VerbatimError(code, message, { details });
}
