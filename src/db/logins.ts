import { and, desc, eq, inArray, isNotNull, isNull, lte, ne, sql } from 'drizzle-orm';
import { logins, tokens } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type LoginRow = typeof logins.$inferSelect;
export type TokenRow = typeof tokens.$inferSelect;

/** Why a login has ended. */
export type LoginEnd = 'logout' | 'reuse' | 'password' | 'admin';

export function prepareLogins(db: Drizzle) {
  const $ = sql.placeholder;
  const byId = db
    .select()
    .from(logins)
    .where(eq(logins.id, $('id')))
    .prepare();
  const byKey = db
    .select()
    .from(logins)
    .where(eq(logins.key, $('key')))
    .prepare();
  const token = db
    .select()
    .from(tokens)
    .where(eq(tokens.hash, $('hash')))
    .prepare();
  const removeTokens = (keys: readonly number[]): void => {
    if (keys.length > 0) db.delete(tokens).where(inArray(tokens.login, keys)).run();
  };
  return {
    byId: (id: string): LoginRow | undefined => byId.get({ id }),
    byKey: (key: number): LoginRow | undefined => byKey.get({ key }),
    insert: (row: Pick<LoginRow, 'id' | 'user' | 'createdAt' | 'expiresAt'>): number =>
      db.insert(logins).values(row).returning({ key: logins.key }).get()?.key ?? 0,
    /** Ends those of a user that have not ended, but for one; returns how many. What is left of them is that they were. */
    endOfUser(user: number, end: { readonly reason: LoginEnd; readonly now: number; readonly except?: number | undefined }): number {
      const { reason, now, except } = end;
      const ended = db
        .update(logins)
        .set({ revokedAt: now, reason })
        .where(and(eq(logins.user, user), isNull(logins.revokedAt), except === undefined ? undefined : ne(logins.key, except)))
        .returning({ key: logins.key })
        .all();
      removeTokens(ended.map(({ key }) => key));
      return ended.length;
    },
    end(key: number, { reason, now }: { readonly reason: LoginEnd; readonly now: number }): void {
      db.update(logins).set({ revokedAt: now, reason }).where(eq(logins.key, key)).run();
      removeTokens([key]);
    },
    /** Forgets all of a user's but the `keep` newest; those that have ended go first. True when there were others. */
    prune(user: number, keep: number, now: number): boolean {
      const open = sql`${logins.revokedAt} is null and ${logins.expiresAt} > ${now}`;
      const surplus = db
        .select({ key: logins.key })
        .from(logins)
        .where(eq(logins.user, user))
        .orderBy(desc(open), desc(logins.key))
        .limit(Number.MAX_SAFE_INTEGER)
        .offset(keep)
        .all()
        .map(({ key }) => key);
      if (surplus.length === 0) return false;
      removeTokens(surplus);
      db.delete(logins).where(inArray(logins.key, surplus)).run();
      return true;
    },
    token: (hash: string): TokenRow | undefined => token.get({ hash }),
    insertToken: (row: Omit<TokenRow, 'usedAt'>): void => void db.insert(tokens).values(row).run(),
    setUsed: (hash: string, now: number): void => void db.update(tokens).set({ usedAt: now }).where(eq(tokens.hash, hash)).run(),
    /** Forgets the access tokens of a login whose time is over, and its used refresh tokens but for the `keep` newest. */
    pruneTokens(login: number, keep: number, now: number): void {
      const ofKind = (kind: TokenRow['kind']) => and(eq(tokens.login, login), eq(tokens.kind, kind));
      db.delete(tokens)
        .where(and(ofKind('access'), lte(tokens.expiresAt, now)))
        .run();
      const surplus = db
        .select({ hash: tokens.hash })
        .from(tokens)
        .where(and(ofKind('refresh'), isNotNull(tokens.usedAt)))
        .orderBy(desc(tokens.usedAt))
        .limit(Number.MAX_SAFE_INTEGER)
        .offset(keep)
        .all();
      for (const { hash } of surplus) db.delete(tokens).where(eq(tokens.hash, hash)).run();
    },
  };
}
