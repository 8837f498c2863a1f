import { eq, sql } from 'drizzle-orm';
import type { Drizzle } from './drizzle.ts';
import { meta } from './schema.ts';

/** Facts about the file itself, by name. */
export function prepareMeta(db: Drizzle) {
  return {
    get: (key: string): string | undefined => db.select({ value: meta.value }).from(meta).where(eq(meta.key, key)).get()?.value,
    set: (key: string, value: string): void =>
      void db
        .insert(meta)
        .values({ key, value })
        .onConflictDoUpdate({ target: meta.key, set: { value: sql`excluded.value` } })
        .run(),
  };
}
