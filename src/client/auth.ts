import type { LoginProcedures } from '../protocol/accountProcedures.ts';
import type { LoginTokens } from '../protocol/accounts.ts';
import type { CallOptions, Calls } from './calls.ts';
import { type PostOptions, postCall } from './postCall.ts';

/** Logging in with a password, where the server takes one: see `password()`. */
export interface Auth {
  /** Over HTTP and without a token, whatever the transport. Rejects with `LOGIN_FAILED`. The client's own token stays what it is. */
  login(input: LoginProcedures['login']['input'], options?: CallOptions): Promise<LoginTokens>;
  /** The same for a refresh token, which is good once. */
  refresh(input: LoginProcedures['refresh']['input'], options?: CallOptions): Promise<LoginTokens>;
  /** Ends the login that the client's token is of, and so its connection; or, over HTTP, the one that a refresh token is of. */
  logout(input?: LoginProcedures['logout']['input'], options?: CallOptions): Promise<void>;
  /** Ends the user's other logins. Rejects with `LOGIN_FAILED` when `password` is not the present one. */
  changePassword(input: LoginProcedures['changePassword']['input'], options?: CallOptions): Promise<void>;
}

export function createAuth({ calls, ...post }: PostOptions & { readonly calls: Calls }): Auth {
  // Never asked twice by itself: none of these has a key.
  const ask = (path: string, input: object, options?: CallOptions) => calls.ask({ type: 'mutation', path, input }, options);
  const withoutToken = (path: string, input: object, options: CallOptions = {}) =>
    // The edge: the protocol says what it answers.
    postCall(path, input, { ...post, timeoutMs: options.timeoutMs ?? post.timeoutMs, signal: options.signal }) as Promise<LoginTokens>;
  return {
    login: (input, options) => withoutToken('auth.login', input, options),
    refresh: (input, options) => withoutToken('auth.refresh', input, options),
    async logout(input = {}, options) {
      await (input.refreshToken === undefined ? ask('auth.logout', input, options) : withoutToken('auth.logout', input, options));
    },
    changePassword: async (input, options) => void (await ask('auth.changePassword', input, options)),
  };
}
