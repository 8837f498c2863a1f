import { type Principal, rolesOf } from './principal.ts';

/** What a role gives to those who have it, besides what agents, tools and approvals make of its name. */
export interface RoleDefinition {
  /** The tier of those who have no tier of their own. */
  readonly tier?: string;
  /** The scopes of those who have none of their own: those of all their roles that name any. */
  readonly scopes?: readonly string[];
  /** What they may do in the threads of others: in all of their tenant, or in all there are when they have no tenant. */
  readonly threads?: 'read' | 'write' | 'manage';
  /** They may see what models were sent in the threads that they may read: instructions are the operator's. */
  readonly inspect?: boolean;
  /** What they may administer, when they have no tenant: names such as `admin.users.list`; `admin.users.*` stands for all that begin so. */
  readonly administer?: readonly string[];
  /** Roles that they may give to users and keys, and take, besides their own: what lets them administer these is bounded by it. */
  readonly gives?: readonly string[];
}

/** Roles by name, besides `user`, `premium` and `admin`. */
export interface Roles {
  readonly [role: string]: RoleDefinition;
}

export const BUILT_IN_ROLES: Roles = {
  user: {},
  premium: { tier: 'premium' },
  admin: { threads: 'manage', inspect: true, administer: ['*'] },
};

/** What the roles of a principal give, of those that are defined. */
export function definitionsOf(principal: Principal, roles: Roles = {}): readonly RoleDefinition[] {
  return rolesOf(principal).flatMap((role) => {
    const definitions = Object.hasOwn(roles, role) ? roles : BUILT_IN_ROLES;
    const definition = Object.hasOwn(definitions, role) ? definitions[role] : undefined;
    return definition === undefined ? [] : [definition];
  });
}

/** The principal with the tier and the scopes that its roles give, where it has none of its own. */
export function withRoles(principal: Principal, roles?: Roles): Principal {
  const definitions = definitionsOf(principal, roles);
  const tier = principal.tier ?? definitions.find((definition) => definition.tier !== undefined)?.tier;
  const named = definitions.flatMap((definition) => (definition.scopes === undefined ? [] : [definition.scopes]));
  const scopes = principal.scopes ?? (named.length === 0 ? undefined : [...new Set(named.flat())]);
  return { ...principal, ...(tier !== undefined && { tier }), ...(scopes !== undefined && { scopes }) };
}

/** Whether a list such as `['admin.users.*']` names it. */
export function names(list: readonly string[], name: string): boolean {
  return list.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : entry === name));
}
