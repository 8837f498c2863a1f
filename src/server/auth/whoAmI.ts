import { type Principal, rolesOf } from '../../protocol/principal.ts';
import type { WhoAmI } from '../../protocol/whoAmI.ts';

/** What a principal is told of itself. Claims of its own stay on the server. */
export function whoAmI(principal: Principal, now: number): WhoAmI {
  const { id, tier, scopes, tenant, expiresAt } = principal;
  return {
    principal: {
      id,
      roles: rolesOf(principal),
      ...(tier !== undefined && { tier }),
      ...(scopes !== undefined && { scopes }),
      ...(tenant !== undefined && { tenant }),
    },
    ...(expiresAt !== undefined && { expiresAt, expiresInMs: Math.max(0, expiresAt - now) }),
  };
}
