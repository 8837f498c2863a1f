import type { LoginTokens } from '../../protocol/accounts.ts';
import type { TokenRow } from '../logins.ts';
import { hashToken, tokensAfter } from '../loginTokens.ts';
import type { Authority } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { giveTokens, type LoginTimes, ownerOfUser, tokensInfo } from './logIn.ts';
import { type OpenLogin, openLogin } from './openLogin.ts';

export interface RefreshInput {
  readonly refreshToken: string;
  readonly times: LoginTimes;
  /** How long an answer that may have been lost is given again. */
  readonly graceMs: number;
  /** Of one login; reuse of older ones is refused, and ends nothing. */
  readonly maxUsedTokens: number;
  readonly origin: string;
}

export interface RefreshRefused {
  readonly refused: true;
  /** The login that the token was of, and that ended by it. */
  readonly endedLogin?: string;
}

/**
 * The next tokens of a login, for its refresh token. One that was used already ends the login: two have it, and one of them has stolen it. But
 * an answer can be lost, and two tabs can ask at once: within the grace, and as long as nobody has used what came of it, the same answer is
 * given again, word for word. So a thief in that time gets no tokens of its own, and shows at the next refresh.
 */
export function refreshLogin(authority: Authority, input: RefreshInput): LoginTokens | RefreshRefused {
  const { queries, now } = authority;
  const token = queries.logins.token(hashToken(input.refreshToken));
  if (token?.kind !== 'refresh' || token.seed === null) return { refused: true };
  const open = openLogin(authority, queries.logins.byKey(token.login));
  if (open === undefined) return { refused: true };
  const pair = tokensAfter(input.refreshToken, token.seed);
  if (token.usedAt === null) {
    queries.logins.setUsed(token.hash, now);
    queries.logins.pruneTokens(open.login.key, input.maxUsedTokens, now);
    return giveTokens(authority, open.login, pair, input.times);
  }
  if (now - token.usedAt <= input.graceMs) {
    const access = queries.logins.token(hashToken(pair.access));
    const refresh = queries.logins.token(hashToken(pair.refresh));
    if (access !== undefined && refresh?.usedAt === null) {
      return tokensInfo(pair, { expiresAt: access.expiresAt, refreshExpiresAt: open.login.expiresAt, now });
    }
  }
  return endReused(authority, open, token, input.origin);
}

function endReused(authority: Authority, { login, user }: OpenLogin, token: TokenRow, origin: string): RefreshRefused {
  const { queries, now } = authority;
  queries.logins.end(login.key, { reason: 'reuse', now });
  appendAudit(authority, {
    actor: ownerOfUser(user),
    action: 'auth.refresh',
    target: login.id,
    outcome: 'refused',
    origin,
    details: { reason: 'reuse', usedAt: token.usedAt },
  });
  return { refused: true, endedLogin: login.id };
}
