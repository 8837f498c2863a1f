import { jsonProblem } from '../../protocol/json.ts';
import type { Principal } from '../../protocol/principal.ts';

/** Characters of an id, a tenant, a tier or a role. */
const MAX_NAME_LENGTH = 500;
/** It is stored with each run. */
const CLAIMS = { maxDepth: 10, maxBytes: 16 * 1024 };

/**
 * What a method said, as a principal that can be relied on. Throws a TypeError that names what is wrong: a tenant that is a number would be
 * none, scopes that are text would be all of them, and an `expiresAt` that is a date would never come.
 */
export function checkPrincipal(given: Principal): Principal {
  if (typeof given !== 'object' || given === null) throw new TypeError('A principal must be an object: { id, roles?, tenant?, ... }.');
  // What an application calls `share` is its own; only links make guests.
  const { id, roles, tier, scopes, tenant, expiresAt, share: _, ...claims } = given;
  assertName('id', id);
  if (isGiven(tenant)) assertName('tenant', tenant);
  if (isGiven(tier)) assertName('tier', tier);
  if (isGiven(roles)) assertNames('roles', roles);
  if (isGiven(scopes)) assertNames('scopes', scopes);
  if (isGiven(expiresAt) && !Number.isFinite(expiresAt)) throw new TypeError('The expiresAt of a principal must be epoch milliseconds.');
  const defined = Object.fromEntries(Object.entries(claims).filter(([, claim]) => claim !== undefined));
  const problem = jsonProblem(defined, CLAIMS);
  if (problem !== undefined) throw new TypeError(`The claims of a principal, together, ${problem}.`);
  return {
    ...defined,
    id,
    ...(isGiven(roles) && { roles: [...roles] }),
    ...(isGiven(tier) && { tier }),
    ...(isGiven(scopes) && { scopes: [...scopes] }),
    ...(isGiven(tenant) && { tenant }),
    ...(isGiven(expiresAt) && { expiresAt }),
  };
}

/** Databases say null for nothing. */
function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

function assertNames(what: string, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`The ${what} of a principal must be a list of text.`);
  for (const name of value) assertName(what, name);
}

function assertName(what: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && value.isWellFormed()) return;
  throw new TypeError(`The ${what} of a principal must be text of 1 to ${MAX_NAME_LENGTH} characters.`);
}
