import type { Principal } from '../../protocol/principal.ts';
import type { JwtClaims } from './jwt.ts';

/**
 * The principal that a token's claims name: `sub` is its id; `roles`, `tier`, `tenant`, and `scope` (text with spaces) or `scopes` are what they say.
 * Undefined without a `sub`. Claims of another type count as absent.
 */
export function principalOfClaims(claims: JwtClaims): Principal | undefined {
  const { sub, tier, tenant, roles } = claims;
  if (typeof sub !== 'string' || sub === '') return undefined;
  const scopes = scopesOf(claims);
  return {
    id: sub,
    ...(Array.isArray(roles) && { roles: texts(roles) }),
    ...(scopes !== undefined && { scopes }),
    ...(isText(tier) && { tier }),
    ...(isText(tenant) && { tenant }),
  };
}

function scopesOf({ scope, scopes }: JwtClaims): readonly string[] | undefined {
  if (typeof scope === 'string') return scope.split(' ').filter(isText);
  if (Array.isArray(scope)) return texts(scope);
  return Array.isArray(scopes) ? texts(scopes) : undefined;
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.filter(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
