import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { LoginTokens } from '../protocol/accounts.ts';
import { ERROR_CODES } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Logins } from './auth/logins.ts';
import { remoteAddress } from './remoteAddress.ts';
import type { Logger } from './serverOptions.ts';

export const TOKEN_PATH = '/oauth/token';
/** A name, a password and a token are far shorter. */
const MAX_BODY_BYTES = 16 * 1024;

type Form = Readonly<Record<string, unknown>>;

/** `POST /oauth/token`: logins as OAuth 2 has them (RFC 6749, sections 4.3, 5 and 6), for programs that know nothing of Verbatim. */
export async function oauthRoutes(
  app: FastifyInstance,
  { authenticator, logger }: { readonly authenticator: Authenticator; readonly logger: Logger },
): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: MAX_BODY_BYTES });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
  });
  app.setErrorHandler((error, _request, reply) => {
    const { status, code, description } = problemOf(error);
    if (status === 500) logger.error({ err: error, path: TOKEN_PATH }, 'a request failed');
    return reply.code(status).send({ error: code, error_description: description });
  });
  app.post(TOKEN_PATH, async (request) => {
    const { logins } = authenticator;
    if (logins === undefined)
      throw new OAuthProblem('unsupported_grant_type', 'Nobody logs in here: the server has no password() in its `auth`.');
    return tokenAnswer(await granted(logins, formOf(request.body), remoteAddress(request.raw)));
  });
}

async function granted(logins: Logins, form: Form, address: string): Promise<LoginTokens> {
  switch (field(form, 'grant_type')) {
    case 'password':
      return logins.logIn({ name: field(form, 'username'), password: field(form, 'password') }, address);
    case 'refresh_token':
      return logins.refresh(field(form, 'refresh_token'), address);
    default:
      throw new OAuthProblem('unsupported_grant_type', 'The grants are password and refresh_token.');
  }
}

function formOf(body: unknown): Form {
  if (typeof body === 'object' && body !== null) return body as Form;
  throw new OAuthProblem('invalid_request', 'Send a form: application/x-www-form-urlencoded.');
}

function field(form: Form, name: string): string {
  const value = form[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new OAuthProblem('invalid_request', `The parameter ${name} is missing, or there more than once.`);
}

function tokenAnswer({ accessToken, tokenType, expiresInMs, refreshToken }: LoginTokens) {
  return {
    access_token: accessToken,
    token_type: tokenType,
    expires_in: Math.floor(expiresInMs / 1_000),
    refresh_token: refreshToken,
  };
}

class OAuthProblem extends Error {
  readonly code: 'invalid_request' | 'unsupported_grant_type';

  constructor(code: OAuthProblem['code'], description: string) {
    super(description);
    this.code = code;
  }
}

function problemOf(error: unknown): { readonly status: number; readonly code: string; readonly description: string } {
  if (error instanceof OAuthProblem) return { status: 400, code: error.code, description: error.message };
  if (error instanceof VerbatimError && error.code === 'LOGIN_FAILED') {
    return { status: 400, code: 'invalid_grant', description: error.message };
  }
  if (error instanceof VerbatimError) {
    return { status: ERROR_CODES[error.code].http, code: 'temporarily_unavailable', description: error.message };
  }
  // What Fastify finds wrong with a body.
  const { statusCode } = error as { readonly statusCode?: number };
  if (statusCode !== undefined && statusCode < 500) {
    return { status: statusCode, code: 'invalid_request', description: 'The request could not be read. Send a small form.' };
  }
  return { status: 500, code: 'server_error', description: 'Something went wrong inside the server.' };
}
