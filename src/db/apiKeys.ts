import { and, asc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import { apiKeys } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type ApiKeyRow = typeof apiKeys.$inferSelect;

export interface ApiKeyFilter {
  /** Key of the last row of the page before. */
  readonly after?: number | undefined;
  readonly principalId?: string | undefined;
  /** Of this tenant only. */
  readonly tenant?: string | undefined;
  readonly limit: number;
}

export function prepareApiKeys(db: Drizzle) {
  const $ = sql.placeholder;
  const byHash = db
    .select()
    .from(apiKeys)
    .where(eq(apiKeys.hash, $('hash')))
    .prepare();
  const byId = db
    .select()
    .from(apiKeys)
    .where(eq(apiKeys.id, $('id')))
    .prepare();
  return {
    byHash: (hash: string): ApiKeyRow | undefined => byHash.get({ hash }),
    byId: (id: string): ApiKeyRow | undefined => byId.get({ id }),
    insert: (row: Omit<ApiKeyRow, 'key' | 'lastUsedAt' | 'revokedAt'>): void => void db.insert(apiKeys).values(row).run(),
    revoke: (key: number, now: number): void => void db.update(apiKeys).set({ revokedAt: now }).where(eq(apiKeys.key, key)).run(),
    /** Unless that is known from after `knownSince`. */
    setUsed: (id: string, now: number, knownSince: number): void =>
      void db
        .update(apiKeys)
        .set({ lastUsedAt: now })
        .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, knownSince))))
        .run(),
    /** Oldest first. */
    page: ({ after, principalId, tenant, limit }: ApiKeyFilter): ApiKeyRow[] =>
      db
        .select()
        .from(apiKeys)
        .where(
          and(
            after === undefined ? undefined : gt(apiKeys.key, after),
            principalId === undefined ? undefined : eq(apiKeys.principalId, principalId),
            tenant === undefined ? undefined : eq(apiKeys.tenant, tenant),
          ),
        )
        .orderBy(asc(apiKeys.key))
        .limit(limit)
        .all(),
  };
}
