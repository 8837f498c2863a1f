import type { Usage } from './event.ts';

/** What a million tokens cost, in whatever currency the application counts in. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Input that the provider had cached. Default: as `input`. */
  readonly cached?: number;
  /** Output that is reasoning. Default: as `output`. */
  readonly reasoning?: number;
}

/** Prices by the name of the model. */
export interface Prices {
  readonly [model: string]: ModelPrice;
}

type Counts = Omit<Usage, 'models'>;

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 };

/** The usage of one model call with its cost, which is absent when the model has no price. What came from a cache has no tokens and costs 0. */
export function priced(usage: Counts, price: ModelPrice | undefined): Counts {
  if (price === undefined) return usage;
  const { inputTokens, outputTokens } = usage;
  const cached = Math.min(usage.cachedTokens ?? 0, inputTokens);
  const reasoning = Math.min(usage.reasoningTokens ?? 0, outputTokens);
  const millionths =
    (inputTokens - cached) * price.input +
    cached * (price.cached ?? price.input) +
    (outputTokens - reasoning) * price.output +
    reasoning * (price.reasoning ?? price.output);
  return { ...usage, cost: tidy(millionths / 1e6) };
}

export function priceOf(prices: Prices | undefined, model: string): ModelPrice | undefined {
  return prices !== undefined && Object.hasOwn(prices, model) ? prices[model] : undefined;
}

/** The usage of one call as part of a total: it remembers its model, also while that is the only one. */
export function usageOfModel(model: string, usage: Counts): Usage {
  return { ...usage, models: { [model]: usage } };
}

/** The usage of calls, by model, with its cost. */
export function pricedByModel(usage: Usage, prices: Prices | undefined): Usage {
  if (usage.models === undefined) return usage;
  const parts = Object.entries(usage.models).map(([model, counts]) => usageOfModel(model, priced(counts, priceOf(prices, model))));
  return parts.reduce(addUsage, NO_USAGE);
}

/**
 * Sums two usages, in all and by model: a run's and a call's, or a run's and its child's. What only one of them counts stays. A total has a
 * `cost` only when everything in it has: tokens without a price make it unknown, and what is known is in `models`.
 */
export function addUsage(a: Usage, b: Usage): Usage {
  const models = new Map(Object.entries(a.models ?? {}));
  for (const [model, counts] of Object.entries(b.models ?? {})) {
    const before = models.get(model);
    models.set(model, before === undefined ? counts : addCounts(before, counts));
  }
  const counts = addCounts(a, b);
  return models.size === 0 ? counts : { models: Object.fromEntries(models), ...counts };
}

/** A total as readers get it: `models` only where there is more than one. */
export function shownUsage({ models, ...counts }: Usage): Usage {
  return models === undefined || Object.keys(models).length < 2 ? counts : { ...counts, models };
}

function addCounts(a: Counts, b: Counts): Counts {
  const cachedTokens = sum(a.cachedTokens, b.cachedTokens);
  const reasoningTokens = sum(a.reasoningTokens, b.reasoningTokens);
  const cachedCalls = sum(a.cachedCalls, b.cachedCalls);
  const cost = isUnpriced(a) || isUnpriced(b) ? undefined : sum(a.cost, b.cost);
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...(cachedTokens !== undefined && { cachedTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
    ...((a.estimated === true || b.estimated === true) && { estimated: true }),
    ...(cachedCalls !== undefined && { cachedCalls }),
    ...(cost !== undefined && { cost: tidy(cost) }),
  };
}

function isUnpriced({ cost, inputTokens, outputTokens }: Counts): boolean {
  return cost === undefined && inputTokens + outputTokens > 0;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

/** Takes out what binary fractions add: 0.1 + 0.2 is 0.3. */
function tidy(cost: number): number {
  return Number(cost.toPrecision(12));
}

/** What a run's agent says that a model call of its own has used. */
export interface ModelUsage {
  readonly model: string;
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedTokens?: number | undefined;
    readonly reasoningTokens?: number | undefined;
    readonly estimated?: boolean | undefined;
  };
}
