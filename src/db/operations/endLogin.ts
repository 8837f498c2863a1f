import type { Authority } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { ownerOfUser } from './logIn.ts';
import { type OpenLogin, openLogin } from './openLogin.ts';

/** Which login: by its id, or by a refresh token that came of it, used or not. */
export type LoginRef = { readonly id: string } | { readonly tokenHash: string };

export function findLogin(authority: Pick<Authority, 'queries' | 'now'>, ref: LoginRef): OpenLogin | undefined {
  const { logins } = authority.queries;
  if ('id' in ref) return openLogin(authority, logins.byId(ref.id));
  const token = logins.token(ref.tokenHash);
  return token === undefined ? undefined : openLogin(authority, logins.byKey(token.login));
}

/** Ends a login at its user's wish, and returns its id. One that has ended already changes nothing. */
export function endLogin(authority: Authority, ref: LoginRef, origin: string): string | undefined {
  const open = findLogin(authority, ref);
  if (open === undefined) return undefined;
  const { login, user } = open;
  authority.queries.logins.end(login.key, { reason: 'logout', now: authority.now });
  appendAudit(authority, { actor: ownerOfUser(user), action: 'auth.logout', target: login.id, outcome: 'ok', origin });
  return login.id;
}

export interface ChangePasswordInput {
  /** By which it is asked: it goes on, and the user's others end. */
  readonly loginId: string;
  /** Of the password that was given, as it was checked. */
  readonly oldHash: string;
  readonly newHash: string;
  readonly origin: string;
}

/** False when the login has ended meanwhile, or the password is another by now. */
export function changePassword(authority: Authority, { loginId, oldHash, newHash, origin }: ChangePasswordInput): boolean {
  const { queries, now } = authority;
  const open = openLogin(authority, queries.logins.byId(loginId));
  if (open === undefined || open.user.passwordHash !== oldHash) return false;
  const { login, user } = open;
  queries.users.update(user.key, { passwordHash: newHash }, now);
  const ended = queries.logins.endOfUser(user.key, { reason: 'password', now, except: login.key });
  const details = { endedLogins: ended };
  appendAudit(authority, { actor: ownerOfUser(user), action: 'auth.changePassword', target: user.id, outcome: 'ok', origin, details });
  return true;
}
