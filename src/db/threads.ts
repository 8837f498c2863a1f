import { and, asc, desc, eq, gt, gte, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { JsonObject } from '../protocol/json.ts';
import type { Drizzle } from './drizzle.ts';
import { runs, threads } from './schema.ts';
import { type ShareReader, sharedThreads } from './shares.ts';

export type ThreadRow = typeof threads.$inferSelect;

export interface ThreadFilter {
  /** Whose: of an owner, shared with one, of a tenant, or all. */
  readonly of: { readonly owner: string } | { readonly sharedWith: ShareReader } | { readonly tenant: string | undefined };
  readonly limit: number;
  readonly search?: string | undefined;
  readonly sort: 'activity' | 'created';
  readonly order: 'asc' | 'desc';
  readonly active?: boolean | undefined;
  readonly createdAfter?: number | undefined;
  readonly createdBefore?: number | undefined;
  /** Sort value and key of the last row of the page before. */
  readonly after?: { readonly at: number; readonly key: number } | undefined;
}

/** Owners whose threads are remembered to have been counted. */
const MAX_COUNTED = 10_000;

export function prepareThreads(db: Drizzle) {
  const $ = sql.placeholder;
  const insert = db
    .insert(threads)
    .values({
      id: $('id'),
      owner: $('owner'),
      tenant: $('tenant'),
      title: $('title'),
      metadata: $('metadata'),
      createdAt: $('now'),
      updatedAt: $('now'),
      floor: $('floor'),
    })
    .returning()
    .prepare();
  const byId = db
    .select()
    .from(threads)
    .where(eq(threads.id, $('id')))
    .prepare();
  const byKey = db
    .select()
    .from(threads)
    .where(eq(threads.key, $('key')))
    .prepare();
  const count = db
    .select({ threads: sql<number>`count(*)` })
    .from(threads)
    .where(eq(threads.owner, $('owner')))
    .prepare();
  /** How many more threads an owner may have at least, who was counted at some time. */
  const room = new Map<string, { readonly max: number; left: number }>();
  const touch = db
    .update(threads)
    .set({ updatedAt: sql`${$('now')}` })
    .where(eq(threads.key, $('key')))
    .prepare();
  const setFloor = db
    .update(threads)
    .set({ floor: sql`${$('floor')}` })
    .where(eq(threads.key, $('key')))
    .prepare();
  function of(filter: ThreadFilter['of']): SQL | undefined {
    if ('owner' in filter) return eq(threads.owner, filter.owner);
    if ('tenant' in filter) return filter.tenant === undefined ? sql`${threads.owner} <> ''` : eq(threads.tenant, filter.tenant);
    return inArray(threads.key, sharedThreads(db, filter.sharedWith));
  }

  return {
    insert(row: {
      readonly id: string;
      readonly owner: string;
      readonly tenant: string | null;
      readonly title: string | null;
      readonly metadata: JsonObject | null;
      readonly now: number;
      readonly floor: number;
    }): ThreadRow {
      const counted = room.get(row.owner);
      if (counted !== undefined) counted.left--;
      return insert.get({ ...row });
    },
    byId: (id: string): ThreadRow | undefined => byId.get({ id }),
    byKey: (key: number): ThreadRow | undefined => byKey.get({ key }),
    /** Whether an owner has fewer than `max` threads. Counts them when as many were begun as there was room for, and not each time. */
    hasRoom(owner: string, max: number): boolean {
      const counted = room.get(owner);
      if (counted?.max === max && counted.left > 0) return true;
      const left = max - (count.get({ owner })?.threads ?? 0);
      if (room.size >= MAX_COUNTED) room.clear();
      room.set(owner, { max, left });
      return left > 0;
    },
    touch: (key: number, now: number): void => void touch.run({ key, now }),
    setFloor: (key: number, floor: number): void => void setFloor.run({ key, floor }),
    update(key: number, change: { title?: string | null; metadata?: JsonObject | null }, now: number): void {
      db.update(threads)
        .set({ ...change, updatedAt: now })
        .where(eq(threads.key, key))
        .run();
    },
    /** Only where there is none. */
    setTitle(key: number, title: string): void {
      db.update(threads)
        .set({ title })
        .where(and(eq(threads.key, key), isNull(threads.title)))
        .run();
    },
    remove(key: number): void {
      db.delete(threads).where(eq(threads.key, key)).run();
    },
    /** Nobody owns it any more, and no id finds it. */
    giveUp(key: number): void {
      db.update(threads)
        .set({ id: `gone_${key}`, owner: '', tenant: null, title: null, metadata: null })
        .where(eq(threads.key, key))
        .run();
    },
    list(filter: ThreadFilter): ThreadRow[] {
      const at = filter.sort === 'activity' ? threads.updatedAt : threads.createdAt;
      const [direction, beyond] = filter.order === 'asc' ? [asc, gt] : [desc, lt];
      const conditions: (SQL | undefined)[] = [of(filter.of)];
      if (filter.search !== undefined && filter.search !== '') conditions.push(sql`has_text(${threads.title}, ${filter.search})`);
      if (filter.createdAfter !== undefined) conditions.push(gte(threads.createdAt, filter.createdAfter));
      if (filter.createdBefore !== undefined) conditions.push(lte(threads.createdAt, filter.createdBefore));
      if (filter.active !== undefined) {
        const open = sql`exists (select 1 from ${runs} where ${runs.thread} = ${threads.key} and ${runs.status} in ('queued', 'running', 'waiting'))`;
        conditions.push(filter.active ? open : sql`not ${open}`);
      }
      if (filter.after !== undefined) {
        conditions.push(or(beyond(at, filter.after.at), and(eq(at, filter.after.at), beyond(threads.key, filter.after.key))));
      }
      return db
        .select()
        .from(threads)
        .where(and(...conditions))
        .orderBy(direction(at), direction(threads.key))
        .limit(filter.limit)
        .all();
    },
  };
}
