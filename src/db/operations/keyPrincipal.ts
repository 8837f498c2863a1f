import type { Principal } from '../../protocol/principal.ts';
import type { ApiKeyRow } from '../apiKeys.ts';
import type { UserRow } from '../users.ts';
import type { Authority } from './access.ts';

type Reader = Pick<Authority, 'queries' | 'now'>;

/** Whom a key acts for now. Undefined once it is revoked or its time is over, and while its user is disabled. */
export function keyPrincipal(authority: Reader, row: ApiKeyRow | undefined): Principal | undefined {
  if (row === undefined || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= authority.now)) return undefined;
  const user = userOfKey(authority, row);
  if (user !== undefined && user.disabledAt !== null) return undefined;
  // A key must not keep a role that was taken from its user.
  const roles = user === undefined ? row.roles : row.roles.filter((role) => user.roles.includes(role));
  const tier = row.tier ?? user?.tier ?? undefined;
  return {
    id: row.principalId,
    roles,
    ...(tier !== undefined && { tier }),
    ...(row.scopes !== null && { scopes: row.scopes }),
    ...(row.tenant !== null && { tenant: row.tenant }),
    ...(row.expiresAt !== null && { expiresAt: row.expiresAt }),
  };
}

/** The user that a key acts for; undefined where it acts for a principal of the application's own. */
export function userOfKey({ queries }: Reader, key: Pick<ApiKeyRow, 'principalId' | 'tenant'>): UserRow | undefined {
  const user = queries.users.byId(key.principalId);
  return user?.tenant === key.tenant ? user : undefined;
}
