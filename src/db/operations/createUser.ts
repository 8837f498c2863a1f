import type { UserInfo } from '../../protocol/accounts.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { newId } from '../ids.ts';
import { newUserName } from '../userName.ts';
import type { UserRow } from '../users.ts';
import type { Authority } from './access.ts';
import { type Actor, tenantFor } from './actor.ts';
import { appendAudit } from './appendAudit.ts';

export interface NewUser {
  readonly name: string;
  /** The principal's. Default: a new one. */
  readonly id?: string | undefined;
  /** Default: `user`. */
  readonly roles?: readonly string[] | undefined;
  readonly tier?: string | undefined;
  readonly tenant?: string | undefined;
  /** Undefined for one that uses keys alone. */
  readonly passwordHash: string | undefined;
}

/** Makes a user. Throws `BAD_INPUT` when there is one of that name or id, `NOT_ALLOWED` for roles beyond the actor's. */
export function createUser(authority: Authority, user: NewUser, by: Actor): UserInfo {
  const { queries, now } = authority;
  const name = newUserName(user.name);
  if (queries.users.byName(name) !== undefined) throw taken('name', name);
  const id = user.id ?? newId('user');
  if (queries.users.byId(id) !== undefined) throw taken('id', id);
  const row = {
    id,
    name,
    passwordHash: user.passwordHash ?? null,
    roles: user.roles ?? ['user'],
    tier: user.tier ?? null,
    tenant: tenantFor(by, user.tenant),
    createdAt: now,
    updatedAt: now,
  };
  by.assertMayGive?.({ roles: row.roles });
  queries.users.insert(row);
  const details = { roles: row.roles, ...(row.tenant !== null && { tenant: row.tenant }) };
  appendAudit(authority, { ...by, action: 'users.create', target: id, outcome: 'ok', details });
  return userInfo({ ...row, key: 0, disabledAt: null });
}

export function userInfo(row: UserRow): UserInfo {
  return {
    id: row.id,
    name: row.name,
    roles: row.roles,
    ...(row.tier !== null && { tier: row.tier }),
    ...(row.tenant !== null && { tenant: row.tenant }),
    hasPassword: row.passwordHash !== null,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    ...(row.disabledAt !== null && { disabledAt: row.disabledAt }),
  };
}

function taken(path: 'name' | 'id', value: string): VerbatimError {
  const message = `There is a user with the ${path} "${value}" already.`;
  return new VerbatimError('BAD_INPUT', message, { details: { issues: [{ path, message }] } });
}
