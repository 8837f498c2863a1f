import type { Principal } from '../../protocol/principal.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';

/**
 * Whom a run acts for by now: a user of this server may have been given other roles since it was sent. Undefined when the user was disabled. What
 * others than this server know of their principals is asked when they send.
 */
export function actingPrincipal(queries: Queries, { principal }: Pick<RunRow, 'principal'>): Principal | undefined {
  const user = queries.users.byId(principal.id);
  if (user === undefined || user.tenant !== (principal.tenant ?? null)) return principal;
  if (user.disabledAt !== null) return undefined;
  const { tier: before, ...rest } = principal;
  const isSame = before === (user.tier ?? undefined) && JSON.stringify(principal.roles) === JSON.stringify(user.roles);
  return isSame ? principal : { ...rest, roles: user.roles, ...(user.tier !== null && { tier: user.tier }) };
}
