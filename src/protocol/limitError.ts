import type { ErrorCode } from './errorCodes.ts';
import { VerbatimError } from './verbatimError.ts';

/** What a refusal by a limit says to programs, as its `details`. */
export interface LimitDetails {
  /** The limit's name. */
  readonly limit: string;
  readonly max: number;
  /** How long what counts is counted. */
  readonly windowMs?: number;
  /** When to ask again. Absent where time alone changes nothing. */
  readonly retryAfterMs?: number;
}

/** Of what is counted by time: it is worth asking again. */
export function rateLimited(message: string, details: LimitDetails & { readonly retryAfterMs: number }): VerbatimError {
  return new VerbatimError('RATE_LIMITED', `${message} Try again in ${waitText(details.retryAfterMs)}.`, { details: { ...details } });
}

/** Of what is kept: time alone makes no room. */
export function quotaFull(message: string, details: LimitDetails): VerbatimError {
  return new VerbatimError('QUOTA_EXCEEDED', message, { details: { ...details }, retryable: false });
}

const OF_LIMITS: readonly ErrorCode[] = ['RATE_LIMITED', 'QUOTA_EXCEEDED'];

/** What a refusal says of the limit behind it; undefined for any other error. */
export function limitDetailsOf({ code, details }: { readonly code: ErrorCode; readonly details: unknown }): LimitDetails | undefined {
  if (!OF_LIMITS.includes(code) || typeof details !== 'object' || details === null) return undefined;
  const { limit, max, windowMs, retryAfterMs } = details as Readonly<Record<string, unknown>>;
  if (typeof limit !== 'string' || typeof max !== 'number') return undefined;
  return { limit, max, ...(typeof windowMs === 'number' && { windowMs }), ...(typeof retryAfterMs === 'number' && { retryAfterMs }) };
}

function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  if (seconds < 120) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
