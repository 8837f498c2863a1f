import { ACCESS_PREFIX, hashToken } from '../../db/loginTokens.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { AuthMethod } from './authMethod.ts';
import { Logins } from './logins.ts';
import { type Argon2, PasswordHasher } from './passwordHasher.ts';

export interface PasswordOptions {
  /** How long an access token is good. Default 15 minutes. */
  readonly accessTokenMs?: number;
  /** How long a login can be renewed, from its beginning. Default 30 days. */
  readonly loginMs?: number;
  /** How long the answer to a refresh that was lost is given again, to the same refresh token. Default 30 seconds. */
  readonly refreshGraceMs?: number;
}

const DEFAULTS = { accessTokenMs: 15 * 60_000, loginMs: 30 * 24 * 60 * 60_000, refreshGraceMs: 30_000 } as const;

/**
 * Users with passwords: `auth.login` and `POST /oauth/token` give access tokens, and refresh tokens that are good once. The first user comes
 * from the command line: `verbatim users create NAME --roles admin`.
 */
export function password(options: PasswordOptions = {}): AuthMethod {
  return passwordWith(options);
}

/** @internal As `password`, with the functions of another argon2. */
export function passwordWith(options: PasswordOptions, argon2?: Argon2): AuthMethod {
  const { accessTokenMs, loginMs, refreshGraceMs } = checked(options);
  return {
    name: 'password',
    open(host) {
      const { accounts } = host.store;
      const times = { accessMs: accessTokenMs, refreshMs: loginMs };
      return {
        logins: new Logins(host, new PasswordHasher(host.limits, argon2), { times, graceMs: refreshGraceMs }),
        identify({ token }) {
          if (token === undefined || !token.startsWith(ACCESS_PREFIX)) return undefined;
          const known = accounts.accessToken(hashToken(token));
          if (known === undefined) return undefined;
          const { id, principal } = known;
          const { expiresAt } = principal;
          return { principal, method: 'password', credentialId: id, lookAgain: () => accounts.loginAgain(id, expiresAt ?? 0) };
        },
      };
    },
  };
}

function checked(options: PasswordOptions): Required<PasswordOptions> {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      throw new VerbatimError('CONFIG_INVALID', `password() has no option "${name}". There are: ${Object.keys(DEFAULTS).join(', ')}.`);
    }
    if (value !== undefined && (typeof value !== 'number' || !(value >= 0) || value > Number.MAX_SAFE_INTEGER / 2)) {
      throw new VerbatimError('CONFIG_INVALID', `password({ ${name} }) must be a number of milliseconds.`);
    }
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, ...given };
}
