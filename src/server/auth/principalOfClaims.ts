import type { Principal } from '../../protocol/principal.ts';
import type { JwtClaims } from './jwt.ts';

/**
 * The principal that a token's claims name: `sub` is its id; `tier`, `tenant`, `roles`, and `scope` or `scopes` are what they
 * say, each of the last three a list, or text with spaces.
 * Undefined without a `sub`. Claims of another type count as absent.
 */
export function principalOfClaims(claims: JwtClaims): Principal | undefined {
  const { sub, tier, tenant, roles } = claims;
  if (typeof sub !== 'string' || sub === '') return undefined;
  const scopes = scopesOf(claims);
  const listed = typeof roles === 'string' ? words(roles) : Array.isArray(roles) ? texts(roles) : undefined;
  return {
    id: sub,
    ...(listed !== undefined && { roles: listed }),
    ...(scopes !== undefined && { scopes }),
    ...(isText(tier) && { tier }),
    ...(isText(tenant) && { tenant }),
  };
}

function scopesOf({ scope, scopes }: JwtClaims): readonly string[] | undefined {
  if (typeof scope === 'string') return words(scope);
  if (Array.isArray(scope)) return texts(scope);
  if (typeof scopes === 'string') return words(scopes);
  return Array.isArray(scopes) ? texts(scopes) : undefined;
}

function words(text: string): readonly string[] {
  return text.split(' ').filter(isText);
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.filter(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
