import type { IncomingMessage } from 'node:http';
import { LOCAL_PRINCIPAL, type Principal } from '../protocol/principal.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Authenticate } from './serverOptions.ts';

/** Longer tokens are refused unread. */
const MAX_TOKEN_CHARACTERS = 8 * 1024;

/** Who is calling, or throws `UNAUTHENTICATED`. A token in a URL is ignored: URLs end up in logs. */
export async function identify(
  authenticate: Authenticate | undefined,
  request: IncomingMessage,
  connectionParams: Readonly<Record<string, unknown>> | null,
): Promise<Principal> {
  if (authenticate === undefined) return LOCAL_PRINCIPAL;
  const token = bearerToken(request) ?? connectionToken(connectionParams);
  if (token !== undefined && token.length > MAX_TOKEN_CHARACTERS) throw unauthenticated();
  let principal: Principal | undefined;
  try {
    principal = await authenticate({ token, request });
  } catch (cause) {
    throw unauthenticated(cause);
  }
  if (typeof principal?.id !== 'string' || principal.id === '') throw unauthenticated();
  return principal;
}

function unauthenticated(cause?: unknown): VerbatimError {
  return new VerbatimError('UNAUTHENTICATED', 'The token is missing or not valid.', { cause });
}

function bearerToken(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function connectionToken(params: Readonly<Record<string, unknown>> | null): string | undefined {
  const token = params?.token;
  return typeof token === 'string' && token !== '' ? token : undefined;
}
