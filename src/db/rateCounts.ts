import { and, eq, sql } from 'drizzle-orm';
import { rateCounts } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export interface RateCount {
  readonly points: number;
  /** Epoch milliseconds: what was counted is forgotten then. */
  readonly expire: number;
}

/** How often something was done within a window of time that began with the first. */
export function prepareRateCounts(db: Drizzle) {
  const $ = sql.placeholder;
  // A window that ends later than one that begins now is of a clock that was set back.
  const isOpen = sql`${rateCounts.expire} > ${$('now')} and ${rateCounts.expire} <= ${$('end')}`;
  const get = db
    .select({ points: rateCounts.points, expire: rateCounts.expire })
    .from(rateCounts)
    .where(and(eq(rateCounts.key, $('key')), isOpen))
    .prepare();
  const add = db
    .insert(rateCounts)
    .values({ key: $('key'), points: 1, expire: $('end') })
    .onConflictDoUpdate({
      target: rateCounts.key,
      set: {
        points: sql`case when ${isOpen} then ${rateCounts.points} + 1 else 1 end`,
        expire: sql`case when ${isOpen} then ${rateCounts.expire} else ${$('end')} end`,
      },
    })
    .prepare();
  return {
    /** Undefined when no window is open. */
    get: (key: string, now: number, windowMs: number): RateCount | undefined => get.get({ key, now, end: now + windowMs }),
    add: (key: string, now: number, windowMs: number): void => void add.run({ key, now, end: now + windowMs }),
  };
}
