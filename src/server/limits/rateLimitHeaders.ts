import type { ErrorCode } from '../../protocol/errorCodes.ts';
import { limitDetailsOf } from '../../protocol/limitError.ts';

/** For pages of other origins, which see no others. */
export const RATE_LIMIT_HEADERS = ['retry-after', 'ratelimit', 'ratelimit-policy'] as const;

/** What HTTP says of a refusal by a limit: `Retry-After`, and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-10 has it. */
export function rateLimitHeaders(error: { readonly code: ErrorCode; readonly details?: unknown }): Readonly<Record<string, string>> {
  const refused = limitDetailsOf({ code: error.code, details: error.details });
  if (refused === undefined) return {};
  const { limit, max, windowMs, retryAfterMs } = refused;
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));
  return {
    ...(retryAfterMs !== undefined && { 'retry-after': String(seconds(retryAfterMs)) }),
    ratelimit: `"${limit}";r=0${retryAfterMs === undefined ? '' : `;t=${seconds(retryAfterMs)}`}`,
    'ratelimit-policy': `"${limit}";q=${max}${windowMs === undefined ? '' : `;w=${seconds(windowMs)}`}`,
  };
}
