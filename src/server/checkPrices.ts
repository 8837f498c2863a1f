import type { ModelPrice, Prices } from '../protocol/usage.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { unknownName } from './config/checkSettings.ts';

const KINDS: Readonly<Record<keyof ModelPrice, true>> = { input: true, output: true, cached: true, reasoning: true };

/** Throws `CONFIG_INVALID`, naming the model, for a price that there is not, or that is not a number of 0 or more. */
export function checkPrices(prices: Prices | undefined): Prices | undefined {
  for (const [model, price] of Object.entries(prices ?? {})) {
    for (const [kind, value] of Object.entries(price)) {
      if (!Object.hasOwn(KINDS, kind)) throw unknownName(`There is no option "prices.${model}.${kind}".`, kind, Object.keys(KINDS));
      if (value === undefined || (typeof value === 'number' && value >= 0 && Number.isFinite(value))) continue;
      throw new VerbatimError('CONFIG_INVALID', `The ${kind} price of the model "${model}" must be a number of 0 or more.`);
    }
  }
  return prices;
}
