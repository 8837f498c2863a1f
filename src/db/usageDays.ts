import { and, eq, sql } from 'drizzle-orm';
import { DAY_MS } from '../protocol/time.ts';
import { usageDays } from './authTables.ts';
import type { Drizzle } from './drizzle.ts';

export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

/** Until the counts of a day begin anew, at midnight UTC. */
export function untilTomorrow(now: number): number {
  return (dayOf(now) + 1) * DAY_MS - now;
}

export function prepareUsageDays(db: Drizzle) {
  const $ = sql.placeholder;
  const add = db
    .insert(usageDays)
    .values({ owner: $('owner'), day: $('day'), tokens: $('tokens'), microCost: $('microCost') })
    .onConflictDoUpdate({
      target: [usageDays.owner, usageDays.day],
      set: { tokens: sql`${usageDays.tokens} + excluded.tokens`, microCost: sql`${usageDays.microCost} + excluded.micro_cost` },
    })
    .prepare();
  const get = db
    .select({ tokens: usageDays.tokens, microCost: usageDays.microCost })
    .from(usageDays)
    .where(and(eq(usageDays.owner, $('owner')), eq(usageDays.day, $('day'))))
    .prepare();
  return {
    add(owner: string, now: number, { tokens, cost }: { readonly tokens: number; readonly cost: number }): void {
      add.run({ owner, day: dayOf(now), tokens, microCost: Math.round(cost * 1e6) });
    },
    get(owner: string, now: number): { readonly tokens: number; readonly cost: number } {
      const row = get.get({ owner, day: dayOf(now) });
      return { tokens: row?.tokens ?? 0, cost: (row?.microCost ?? 0) / 1e6 };
    },
  };
}
