import type { LoginTokens } from '../protocol/accounts.ts';
import type { Clock } from '../protocol/clock.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { clientClock } from './clientClock.ts';
import { parseEndpoint } from './endpoint.ts';
import { postCall } from './postCall.ts';

export interface PasswordTokenOptions {
  /** As `createClient` takes it. */
  readonly url: string;
  /** With `password`: logs in when a token is first asked for, and again when the login has ended. */
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  /** Of a login that there is: goes on with it. */
  readonly refreshToken?: string | undefined;
  /** Told of all tokens as they come, before they are used: keep `refreshToken` to go on with later. Each is good once. */
  readonly onTokens?: ((tokens: LoginTokens) => void) | undefined;
  /** Of one request. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

/** Give it to `createClient` as `token`. */
export interface PasswordToken {
  (request: { readonly refresh: boolean }): Promise<string>;
  /** Ends the login. No token comes after it: what asks for one rejects with `UNAUTHENTICATED`. */
  logout(): Promise<void>;
}

/** A token is renewed when no more than this share of its time is left. */
const RENEW_SHARE = 0.1;

/**
 * Access tokens of a login, renewed in time and when one was refused; several who ask at once get the same. Does nothing until it is asked.
 * Rejects with `LOGIN_FAILED` when the login has ended and there is no password, or a wrong one: a client then closes with that.
 */
export function passwordToken(options: PasswordTokenOptions): PasswordToken {
  const { name, password, onTokens, timeoutMs = 10_000, clock = clientClock } = options;
  const { http: url } = parseEndpoint(options.url);
  if ((name === undefined || password === undefined) && options.refreshToken === undefined) {
    throw new VerbatimError('BAD_INPUT', 'passwordToken needs a `name` and a `password`, or a `refreshToken`');
  }
  let refreshToken = options.refreshToken;
  let access: { readonly token: string; readonly renewAt: number } | undefined;
  let asking: Promise<string> | undefined;
  let loggedOut = false;

  const post = (path: string, input: object): Promise<unknown> =>
    postCall(path, input, { url, fetch: options.fetch ?? ((...args) => fetch(...args)), clock, timeoutMs });

  async function renewed(): Promise<LoginTokens> {
    if (refreshToken !== undefined) {
      try {
        return (await post('auth.refresh', { refreshToken })) as LoginTokens;
      } catch (error) {
        if (!(error instanceof VerbatimError) || error.code !== 'LOGIN_FAILED') throw error;
        refreshToken = undefined;
        if (name === undefined || password === undefined) throw error;
      }
    }
    if (name === undefined || password === undefined) throw new VerbatimError('LOGIN_FAILED', 'The login has ended. Log in again.');
    return (await post('auth.login', { name, password })) as LoginTokens;
  }

  async function next(): Promise<string> {
    const tokens = await renewed();
    if (loggedOut) {
      // It came while its owner left.
      await post('auth.logout', { refreshToken: tokens.refreshToken });
      throw noLogin();
    }
    refreshToken = tokens.refreshToken;
    access = { token: tokens.accessToken, renewAt: clock.now() + tokens.expiresInMs * (1 - RENEW_SHARE) };
    onTokens?.(tokens);
    return tokens.accessToken;
  }

  const token = async ({ refresh }: { readonly refresh: boolean }): Promise<string> => {
    if (loggedOut) throw noLogin();
    if (!refresh && access !== undefined && clock.now() < access.renewAt) return access.token;
    asking ??= next().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return Object.assign(token, {
    async logout(): Promise<void> {
      loggedOut = true;
      access = undefined;
      if (refreshToken !== undefined) await post('auth.logout', { refreshToken });
    },
  });
}

function noLogin(): VerbatimError {
  return new VerbatimError('UNAUTHENTICATED', 'You have logged out');
}
