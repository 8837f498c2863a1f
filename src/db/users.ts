import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { users } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export type UserRow = typeof users.$inferSelect;

export interface UserFilter {
  /** Key of the last row of the page before. */
  readonly after?: number | undefined;
  /** Of this tenant only. */
  readonly tenant?: string | undefined;
  readonly limit: number;
}

export type UserChange = Partial<Pick<UserRow, 'passwordHash' | 'roles' | 'tier' | 'disabledAt'>>;

export function prepareUsers(db: Drizzle) {
  const $ = sql.placeholder;
  const by = (column: typeof users.id | typeof users.name | typeof users.key) =>
    db
      .select()
      .from(users)
      .where(eq(column, $('value')))
      .prepare();
  const [byId, byName, byKey] = [by(users.id), by(users.name), by(users.key)];
  return {
    byId: (value: string): UserRow | undefined => byId.get({ value }),
    byName: (value: string): UserRow | undefined => byName.get({ value }),
    byKey: (value: number): UserRow | undefined => byKey.get({ value }),
    insert: (row: Omit<UserRow, 'key' | 'disabledAt'>): void => void db.insert(users).values(row).run(),
    update: (key: number, change: UserChange, now: number): void =>
      void db
        .update(users)
        .set({ ...change, updatedAt: now })
        .where(eq(users.key, key))
        .run(),
    /** Oldest first. */
    page: ({ after, tenant, limit }: UserFilter): UserRow[] =>
      db
        .select()
        .from(users)
        .where(and(after === undefined ? undefined : gt(users.key, after), tenant === undefined ? undefined : eq(users.tenant, tenant)))
        .orderBy(asc(users.key))
        .limit(limit)
        .all(),
  };
}
