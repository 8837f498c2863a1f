import type { Model } from './model.ts';

/** How much of a thread a model is sent. The message that is being answered, and what has come of it so far, always is. */
export type History =
  | 'all'
  /** The last so many messages of the thread before this run. */
  | { readonly last: number }
  /** As many of the newest messages as fit, counted by the tokenizer of gpt-4o. */
  | { readonly maxTokens: number }
  /** When more than `maxTokens` are there, a model sums up all but the newest `keepTokens`; the summary is stored, and used again. */
  | { readonly summarize: { readonly model: Model; readonly maxTokens: number; readonly keepTokens?: number; readonly prompt?: string } };
