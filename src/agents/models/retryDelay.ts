import type { VerbatimError } from '../../protocol/verbatimError.ts';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

/**
 * How long to wait before trying again: what the provider asked for, else exponential with jitter. Undefined when there is no use in
 * trying: the failure is not of the kind that passes, or the provider asks for more than `maxRetryAfterMs`.
 */
export function retryDelay(failure: VerbatimError, attempt: number, options: RetryOptions): number | undefined {
  if (!failure.retryable) return undefined;
  const { cause } = failure;
  const headers =
    typeof cause === 'object' && cause !== null && 'headers' in cause && cause.headers instanceof Object ? cause.headers : undefined;
  const asked = isHeaders(headers) ? headers : undefined;
  // OpenAI says so when it knows that the same request will fail again.
  if (asked?.get('x-should-retry') === 'false') return undefined;
  const waitMs = retryAfterMs(asked) ?? waitOf(failure);
  if (waitMs !== undefined) return waitMs <= options.maxRetryAfterMs ? waitMs : undefined;
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt) * (0.5 + options.random() / 2);
}

/** Where the headers are not kept with the cause, what they asked for is in the details. */
function waitOf({ details }: VerbatimError): number | undefined {
  const asked = typeof details === 'object' && details !== null && 'retryAfterMs' in details ? details.retryAfterMs : undefined;
  return typeof asked === 'number' ? asked : undefined;
}

export interface RetryOptions {
  readonly maxRetryAfterMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

export type HeadersLike = Pick<Headers, 'get'>;

// Not `instanceof Headers`: undici's are another class.
function isHeaders(value: object | undefined): value is HeadersLike {
  return value !== undefined && 'get' in value && typeof value.get === 'function';
}

/** `Retry-After` in seconds or as a date, or OpenAI's `retry-after-ms`. Undefined when there is none that can be read. */
export function retryAfterMs(headers: HeadersLike | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = headers?.get('retry-after') ?? '';
  if (/^\s*\d+(\.\d+)?\s*$/.test(after)) return Number(after) * 1_000;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
