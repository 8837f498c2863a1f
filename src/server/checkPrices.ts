import type { Prices } from '../protocol/usage.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** Throws `CONFIG_INVALID`, naming the model, for a price that is not a number of 0 or more. */
export function checkPrices(prices: Prices | undefined): Prices | undefined {
  for (const [model, price] of Object.entries(prices ?? {})) {
    for (const [kind, value] of Object.entries(price)) {
      if (value === undefined || (typeof value === 'number' && value >= 0 && Number.isFinite(value))) continue;
      throw new VerbatimError('CONFIG_INVALID', `The ${kind} price of the model "${model}" must be a number of 0 or more.`);
    }
  }
  return prices;
}
