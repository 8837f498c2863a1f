import type { VerbatimError } from '../../protocol/verbatimError.ts';

export interface RetryOptions {
  readonly firstRetryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly maxRetryAfterMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * How long to wait before trying again: what the provider asked for, else exponential with jitter, never less than the first delay nor more
 * than the longest. Undefined when there is no use in trying: the failure is not of the kind that passes, or the provider asks for more than
 * `maxRetryAfterMs`. `attempt` counts from 0.
 */
export function retryDelay(failure: VerbatimError, attempt: number, options: RetryOptions): number | undefined {
  if (!failure.retryable) return undefined;
  const askedMs = askedDelay(failure);
  if (askedMs !== undefined) return askedMs <= options.maxRetryAfterMs ? askedMs : undefined;
  const { firstRetryDelayMs, maxRetryDelayMs, random } = options;
  const longest = Math.min(maxRetryDelayMs, firstRetryDelayMs * 2 ** (attempt + 1));
  const shortest = Math.max(longest / 2, Math.min(firstRetryDelayMs, longest));
  return shortest + random() * (longest - shortest);
}

/** What the provider asked for, as every adapter says it: `details: { retryAfterMs }`. */
function askedDelay({ details }: VerbatimError): number | undefined {
  const asked = typeof details === 'object' && details !== null && 'retryAfterMs' in details ? details.retryAfterMs : undefined;
  return typeof asked === 'number' && asked >= 0 ? asked : undefined;
}

export type HeadersLike = Pick<Headers, 'get'>;

/** `Retry-After` in seconds or as a date, or OpenAI's `retry-after-ms`. Undefined when there is none that can be read. */
export function retryAfterMs(headers: HeadersLike | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = headers?.get('retry-after') ?? '';
  if (/^\s*\d+(\.\d+)?\s*$/.test(after)) return Number(after) * 1_000;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
