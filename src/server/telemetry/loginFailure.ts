import type { IncomingMessage } from 'node:http';
import type { Observer } from '../../protocol/observer.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';

export interface Refused {
  readonly request: Pick<IncomingMessage, 'headers'>;
  readonly params: Readonly<Record<string, unknown>> | null;
  /** Why. */
  readonly cause: unknown;
}

/** Tells that a token was not good. Who brought none has not tried, and one that could not be looked at, or found no room, may well be good. */
export function loginFailure(observer: Observer, { request: { headers }, params, cause }: Refused): void {
  const isGood = cause instanceof VerbatimError && cause.retryable && !isTooManyAttempts(cause);
  if (isGood) return;
  if (headers.authorization !== undefined || headers['x-api-key'] !== undefined || params?.token !== undefined)
    observer.loginFailed('token');
}

/** With a token that is not good, where too many came before it. */
function isTooManyAttempts({ details }: VerbatimError): boolean {
  return typeof details === 'object' && details !== null && 'limit' in details && details.limit === 'handshakesPerMinute';
}
