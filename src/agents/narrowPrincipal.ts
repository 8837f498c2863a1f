import type { Principal } from '../protocol/principal.ts';

type Scopes = readonly string[] | undefined;

/** A principal with no other scopes than all of these allow. Where nobody declares any, it is left as it is. */
export function narrowPrincipal(principal: Principal, ...declared: readonly Scopes[]): Principal {
  let scopes = Array.isArray(principal.scopes) ? principal.scopes.filter((scope): scope is string => typeof scope === 'string') : undefined;
  let changed = false;
  for (const allowed of declared) {
    if (allowed === undefined) continue;
    scopes = scopes === undefined ? [...allowed] : scopes.filter((scope) => allowed.includes(scope));
    changed = true;
  }
  return changed && scopes !== undefined ? { ...principal, scopes } : principal;
}
