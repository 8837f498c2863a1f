import type { UserInfo } from '../../protocol/accounts.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { UserChange, UserRow } from '../users.ts';
import type { Authority } from './access.ts';
import { type Actor, within } from './actor.ts';
import { appendAudit } from './appendAudit.ts';
import { userInfo } from './createUser.ts';

/** What an administrator does to a user. */
export type UserAct =
  /** Its logins end, and its keys are good for nothing until it is enabled. Runs at work go on. */
  | { readonly act: 'disable' }
  /** Its keys are good again. Its logins are not. */
  | { readonly act: 'enable' }
  | { readonly act: 'setRoles'; readonly roles: readonly string[] }
  /** Null takes it away: the tier is then that of its roles. */
  | { readonly act: 'setTier'; readonly tier: string | null }
  /** Its logins end. */
  | { readonly act: 'setPassword'; readonly passwordHash: string }
  /** Ends its logins. */
  | { readonly act: 'logOut' };

/** Changes a user, by its id. What is open looks again who may have it. `NOT_ALLOWED` for one with roles beyond the actor's, and for giving such. */
export function changeUser(authority: Authority, userId: string, act: UserAct, by: Actor): UserInfo {
  const { queries, now } = authority;
  const row = within(by, queries.users.byId(userId), 'user');
  // Whoever sets a password can be its user, and nobody shuts out, or in, who has more rights.
  by.assertMayGive?.({ roles: row.roles });
  if (act.act === 'setRoles') by.assertMayGive?.({ roles: act.roles });
  const { change, endsLogins, details } = effectOf(act, row, now);
  queries.users.update(row.key, change, now);
  if (endsLogins) queries.logins.endOfUser(row.key, { reason: 'admin', now });
  appendAudit(authority, { ...by, action: `users.${act.act}`, target: row.id, outcome: 'ok', details });
  return userInfo({ ...row, ...change, updatedAt: now });
}

function effectOf(
  act: UserAct,
  before: UserRow,
  now: number,
): { readonly change: UserChange; readonly endsLogins: boolean; readonly details?: JsonObject } {
  switch (act.act) {
    case 'disable':
      return { change: { disabledAt: before.disabledAt ?? now }, endsLogins: true };
    case 'enable':
      return { change: { disabledAt: null }, endsLogins: false };
    case 'setRoles':
      return { change: { roles: act.roles }, endsLogins: false, details: { roles: act.roles, before: before.roles } };
    case 'setTier':
      return { change: { tier: act.tier }, endsLogins: false, details: { tier: act.tier, before: before.tier } };
    case 'setPassword':
      return { change: { passwordHash: act.passwordHash }, endsLogins: true };
    case 'logOut':
      return { change: {}, endsLogins: true };
  }
}
