import type { Model } from './model.ts';

/** How much of a thread a model is sent. The message that is being answered, and what has come of it so far, always is. */
export type History =
  | 'all'
  /** At most so many messages of the thread before this run, the newest. */
  | { readonly last: number }
  /** As many of the newest messages as fit, counted by the tokenizer of gpt-4o. */
  | { readonly maxTokens: number }
  /** When more than `maxTokens` are there, a model sums up all but the newest `keepTokens`; the summary is stored, and used again. */
  | { readonly summarize: SummarizeOptions };

export interface SummarizeOptions {
  readonly model: Model;
  readonly maxTokens: number;
  /** Default: half of `maxTokens`. */
  readonly keepTokens?: number;
  /** What the model is told. Default: `DEFAULT_SUMMARY_PROMPT`. */
  readonly prompt?: string;
  /** How long one call of it may take; then the messages are cut instead. Default 60,000. */
  readonly timeoutMs?: number;
}

/** Throws for what cannot work. */
export function assertHistory(history: History): void {
  if (history === 'all') return;
  if ('last' in history) return assertCount(history.last, 0, 'last');
  if ('maxTokens' in history) return assertCount(history.maxTokens, 1, 'maxTokens');
  const { maxTokens, keepTokens = keptTokens(history.summarize) } = history.summarize;
  assertCount(maxTokens, 2, 'summarize.maxTokens');
  assertCount(keepTokens, 0, 'summarize.keepTokens');
  if (keepTokens >= maxTokens) {
    throw new TypeError(`history.summarize.keepTokens must be less than maxTokens, which is ${maxTokens}: the summary needs room too.`);
  }
}

export function keptTokens({ maxTokens, keepTokens = Math.floor(maxTokens / 2) }: SummarizeOptions): number {
  return keepTokens;
}

function assertCount(value: number, min: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < min) throw new TypeError(`history.${name} must be a whole number of at least ${min}.`);
}
