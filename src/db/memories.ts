import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm';
import type { Json } from '../protocol/json.ts';
import { memories } from './agentTables.ts';
import type { Drizzle } from './drizzle.ts';

/** Whose memory: a principal's or a thread's, by the id that callers know. */
export interface MemoryHolder {
  readonly scope: 'principal' | 'thread';
  readonly id: string;
}

export function prepareMemories(db: Drizzle) {
  const of = ({ scope, id }: MemoryHolder): SQL | undefined => and(eq(memories.scope, scope), eq(memories.holder, id));
  const one = (holder: MemoryHolder, key: string): SQL | undefined => and(of(holder), eq(memories.key, key));
  return {
    get: (holder: MemoryHolder, key: string): Json | undefined =>
      db.select({ value: memories.value }).from(memories).where(one(holder, key)).get()?.value,
    has: (holder: MemoryHolder, key: string): boolean =>
      db.select({ key: memories.key }).from(memories).where(one(holder, key)).get() !== undefined,
    count: (holder: MemoryHolder): number => db.select({ count: sql<number>`count(*)` }).from(memories).where(of(holder)).get()?.count ?? 0,
    put(holder: MemoryHolder, row: { readonly key: string; readonly value: Json; readonly updatedAt: number }): void {
      db.insert(memories)
        // A column of JSON takes null for none at all.
        .values({ scope: holder.scope, holder: holder.id, ...row, value: row.value ?? sql`'null'` })
        .onConflictDoUpdate({
          target: [memories.scope, memories.holder, memories.key],
          set: { value: sql`excluded.value`, updatedAt: sql`excluded.updated_at` },
        })
        .run();
    },
    /** How many there were. */
    remove: (holder: MemoryHolder, key: string): number => db.delete(memories).where(one(holder, key)).run().changes,
    removeAll: (holder: MemoryHolder): number => db.delete(memories).where(of(holder)).run().changes,
    /** By key. At most `limit`, and of these as many as `maxBytes` of values hold, but at least one. `more` says that there are others after them. */
    page(
      holder: MemoryHolder,
      page: { readonly prefix: string; readonly after: string | undefined; readonly limit: number; readonly maxBytes: number },
    ) {
      const { prefix, after, limit, maxBytes } = page;
      const where = and(
        of(holder),
        prefix === '' ? undefined : sql`substr(${memories.key}, 1, ${[...prefix].length}) = ${prefix}`,
        after === undefined ? undefined : gt(memories.key, after),
      );
      const sizes = db
        .select({ bytes: sql<number>`octet_length(${memories.value})` })
        .from(memories)
        .where(where)
        .orderBy(asc(memories.key))
        .limit(limit + 1)
        .all();
      let bytes = 0;
      const tooMany = sizes.findIndex((size, index) => {
        bytes += size.bytes;
        return index === limit || (index > 0 && bytes > maxBytes);
      });
      const count = tooMany === -1 ? sizes.length : tooMany;
      const { key, value, updatedAt } = memories;
      const rows = count === 0 ? [] : db.select({ key, value, updatedAt }).from(memories).where(where).orderBy(asc(key)).limit(count).all();
      return { rows, more: tooMany !== -1 };
    },
    /** To a thread that has none yet. */
    copyThread(from: string, to: string): void {
      const { scope, key, value, updatedAt } = memories;
      const rows = db
        .select({ scope, holder: sql<string>`${to}`.as('holder'), key, value, updatedAt })
        .from(memories)
        .where(of({ scope: 'thread', id: from }));
      db.insert(memories).select(rows).run();
    },
  };
}
