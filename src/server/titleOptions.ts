import type { Model } from '../agents/model.ts';

export const DEFAULT_TITLE_PROMPT =
  'Give the conversation that follows a title of three to six words, in the language of its user. Answer with the title alone: no quotes, no full stop.';

export interface TitleOptions {
  readonly model: Model;
  /** What the model is told. Default: `DEFAULT_TITLE_PROMPT`. */
  readonly prompt?: string;
  /** How long one call of it may take. Default 30,000. */
  readonly timeoutMs?: number;
}
