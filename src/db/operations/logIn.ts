import type { LoginTokens } from '../../protocol/accounts.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { newId } from '../ids.ts';
import { hashToken, newSecret, newTokens, type TokenPair } from '../loginTokens.ts';
import type { UserRow } from '../users.ts';
import type { Authority } from './access.ts';
import { appendAudit } from './appendAudit.ts';

/** How long what a login gives is good. */
export interface LoginTimes {
  readonly accessMs: number;
  readonly refreshMs: number;
}

export interface LogInInput {
  /** As it was when its password was checked. */
  readonly user: UserRow;
  readonly times: LoginTimes;
  /** Of one user; the oldest go. */
  readonly maxLogins: number;
  readonly origin: string;
}

export interface LoggedIn {
  readonly tokens: LoginTokens;
  /** Others of the user may have ended: there were as many as there may be. */
  readonly endedOthers: boolean;
}

/** Begins a login. Undefined when the user has another password by now, or is disabled. */
export function logIn(authority: Authority, { user, times, maxLogins, origin }: LogInInput): LoggedIn | undefined {
  const { queries, now } = authority;
  const current = queries.users.byKey(user.key);
  if (current === undefined || current.disabledAt !== null || current.passwordHash !== user.passwordHash) return undefined;
  const endedOthers = queries.logins.prune(user.key, maxLogins - 1, now);
  const id = newId('login');
  const expiresAt = now + times.refreshMs;
  const login = queries.logins.insert({ id, user: user.key, createdAt: now, expiresAt });
  appendAudit(authority, { actor: ownerOfUser(user), action: 'auth.login', target: id, outcome: 'ok', origin });
  return { tokens: giveTokens(authority, { key: login, expiresAt }, newTokens(), times), endedOthers };
}

/** Stores the tokens that a login gives next. */
export function giveTokens(
  { queries, now }: Authority,
  login: { readonly key: number; readonly expiresAt: number },
  pair: TokenPair,
  { accessMs }: LoginTimes,
): LoginTokens {
  const expiresAt = Math.min(now + accessMs, login.expiresAt);
  queries.logins.insertToken({ hash: hashToken(pair.access), kind: 'access', login: login.key, expiresAt, seed: null });
  queries.logins.insertToken({
    hash: hashToken(pair.refresh),
    kind: 'refresh',
    login: login.key,
    expiresAt: login.expiresAt,
    seed: newSecret(),
  });
  return tokensInfo(pair, { expiresAt, refreshExpiresAt: login.expiresAt, now });
}

export function tokensInfo(
  { access, refresh }: TokenPair,
  times: { readonly expiresAt: number; readonly refreshExpiresAt: number; readonly now: number },
): LoginTokens {
  const { expiresAt, refreshExpiresAt, now } = times;
  return {
    accessToken: access,
    tokenType: 'Bearer',
    expiresAt,
    expiresInMs: Math.max(0, expiresAt - now),
    refreshToken: refresh,
    refreshExpiresAt,
  };
}

export function ownerOfUser({ id, tenant }: Pick<UserRow, 'id' | 'tenant'>): string {
  return ownerOf({ id, ...(tenant !== null && { tenant }) });
}
