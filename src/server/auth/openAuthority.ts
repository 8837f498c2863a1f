import type { Sqlite } from '../../db/sqlite.ts';
import { FailedLogins } from '../limits/failedLogins.ts';
import type { ServerOptions } from '../serverOptions.ts';
import { Authenticator } from './authenticator.ts';
import type { AuthHost } from './authMethod.ts';
import { authorityChanges } from './authorityChanges.ts';
import { Callers } from './callers.ts';
import { loginCookieOf } from './cookie.ts';
import { Guests } from './guests.ts';
import { methodsOf } from './methodsOf.ts';

/** Who is calling, and for how long. Close `callers`, then `authenticator`. */
export interface OpenAuthority {
  readonly guests: Guests;
  readonly authenticator: Authenticator;
  readonly callers: Callers;
}

/** @internal */
export const SAME_IDS =
  'several jwt() of `auth` take `sub` for the id: the same `sub` of two issuers is one principal, with one set of threads. Give each a `tenant`, or a `principal` that tells them apart';

export function openAuthority(
  options: ServerOptions,
  { raw, ...rest }: Omit<AuthHost, 'changed' | 'failedLogins'> & { readonly raw: Sqlite },
): OpenAuthority {
  const callers = new Callers({ hasChanged: authorityChanges({ raw, shares: rest.store.shares, clock: rest.clock }) });
  const failedLogins = new FailedLogins(rest.store.rates, rest.limits);
  const host: AuthHost = { ...rest, failedLogins, changed: (whose) => callers.lookAgain(whose) };
  const guests = new Guests(host);
  const methods = methodsOf(options);
  if ((methods ?? []).filter(({ takesIdsOfOthers }) => takesIdsOfOthers).length > 1) rest.logger.warn({ setting: 'auth' }, SAME_IDS);
  return {
    guests,
    authenticator: new Authenticator(methods, host, { guests, roles: options.roles, cookie: loginCookieOf(options.cookie) }),
    callers,
  };
}
