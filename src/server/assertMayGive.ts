import type { Given } from '../db/operations/actor.ts';
import type { May } from '../protocol/policy.ts';
import { type Principal, rolesOf } from '../protocol/principal.ts';
import { definitionsOf, type Roles, withRoles } from '../protocol/roles.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** What everybody has who is given nothing else. */
const EVERYBODYS = 'user';

/**
 * Throws `NOT_ALLOWED` when somebody would have more by it than the giver has: a role that is neither the giver's own nor one that its roles
 * let it give, or other scopes than its own. Who administers everything gives any role, and who has no scopes any scopes.
 */
export function assertMayGive(
  giver: Principal,
  given: Given,
  { may, roles }: { readonly may: May; readonly roles: Roles | undefined },
): void {
  const own = [EVERYBODYS, ...rolesOf(giver), ...definitionsOf(giver, roles).flatMap(({ gives = [] }) => gives)];
  const beyond = given.roles.find((role) => !own.includes(role));
  if (beyond !== undefined && !mayEverything(giver, may)) {
    throw new VerbatimError(
      'NOT_ALLOWED',
      `You have not the role "${beyond}", so you can neither give nor take it, nor change who has it.`,
    );
  }
  if (giver.scopes === undefined) return;
  const { scopes } = withRoles({ id: giver.id, roles: given.roles, ...(given.scopes !== undefined && { scopes: given.scopes }) }, roles);
  if (scopes === undefined) {
    throw new VerbatimError(
      'NOT_ALLOWED',
      `You have the scopes ${giver.scopes.join(', ') || '(none)'} alone, and this would have any. Name some.`,
    );
  }
  const wider = scopes.find((scope) => !giver.scopes?.includes(scope));
  if (wider !== undefined) throw new VerbatimError('NOT_ALLOWED', `You have not the scope "${wider}", so you cannot give it.`);
}

/** As the server's own administrators may, or whom a policy lets do as much. */
function mayEverything(principal: Principal, may: May): boolean {
  if (rolesOf(principal).includes('admin')) return true;
  const resource = { kind: 'thread', id: '*', owned: false, tenant: principal.tenant, shared: undefined } as const;
  return (
    may({ principal, action: 'administer', resource: { kind: 'server', name: '*' } }) &&
    may({ principal, action: 'manage', resource }) &&
    may({ principal, action: 'inspect', resource })
  );
}
