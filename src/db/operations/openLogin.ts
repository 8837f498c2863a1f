import type { Principal } from '../../protocol/principal.ts';
import type { LoginRow } from '../logins.ts';
import type { UserRow } from '../users.ts';
import type { Authority } from './access.ts';

export interface OpenLogin {
  readonly login: LoginRow;
  readonly user: UserRow;
}

/** A login that has not ended, of a user who is not disabled. */
export function openLogin({ queries, now }: Pick<Authority, 'queries' | 'now'>, login: LoginRow | undefined): OpenLogin | undefined {
  if (login === undefined || login.revokedAt !== null || login.expiresAt <= now) return undefined;
  const user = queries.users.byKey(login.user);
  return user === undefined || user.disabledAt !== null ? undefined : { login, user };
}

/** Whom an access token of the login stands for, until its time is over. */
export function loginPrincipal({ user }: OpenLogin, expiresAt: number): Principal {
  return {
    id: user.id,
    roles: user.roles,
    ...(user.tier !== null && { tier: user.tier }),
    ...(user.tenant !== null && { tenant: user.tenant }),
    expiresAt,
  };
}
