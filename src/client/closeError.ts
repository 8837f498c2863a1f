import { CLOSE_CODES } from '../protocol/closeCodes.ts';
import type { ErrorCode } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

const MEANING: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  [CLOSE_CODES.GOING_AWAY]: ['SHUTTING_DOWN', 'The server is shutting down'],
  [CLOSE_CODES.FRAME_TOO_BIG]: ['FRAME_TOO_BIG', 'A request was larger than the server takes'],
  [CLOSE_CODES.INTERNAL_ERROR]: ['INTERNAL', 'The server failed'],
  [CLOSE_CODES.SERVER_FULL]: ['SERVER_FULL', 'The server takes no more connections'],
  [CLOSE_CODES.IDLE]: ['CONNECTION_LOST', 'The server closed a connection that was not used'],
  [CLOSE_CODES.BAD_REQUEST]: ['BAD_INPUT', 'The server could not make sense of the connection'],
  [CLOSE_CODES.UNAUTHENTICATED]: ['UNAUTHENTICATED', 'The token is missing, wrong, expired or revoked'],
  [CLOSE_CODES.NOT_ALLOWED]: ['NOT_ALLOWED', 'This caller may not connect'],
  [CLOSE_CODES.AUTH_TIMEOUT]: ['CONNECTION_LOST', 'The token did not reach the server in time'],
  [CLOSE_CODES.SLOW_READER]: ['SLOW_READER', 'The connection was too slow for what it was to carry'],
  [CLOSE_CODES.REPLACED]: ['CONNECTION_LOST', 'The connection was replaced by another one'],
  [CLOSE_CODES.TOO_MANY_CONNECTIONS]: ['RATE_LIMITED', 'There are too many connections of this caller, or from this address'],
};

/** Why a connection ended, or with `wasReached` false never was, as an error. The server's own words stay in `details`. */
export function closeError(code: number, reason: string, wasReached: boolean): VerbatimError {
  const [errorCode, message] = MEANING[code] ?? [
    'CONNECTION_LOST',
    wasReached ? 'The connection to the server was lost' : notReached(reason),
  ];
  return new VerbatimError(errorCode, message, {
    details: { closeCode: code, ...(reason !== '' && { reason }) },
    retryable: code === CLOSE_CODES.REPLACED ? false : undefined,
  });
}

/** What is said of a server that was not reached, with what is known of why. */
export function notReached(reason: string): string {
  return `The server cannot be reached${reason === '' ? '' : `: ${reason}`}`;
}
