import { and, eq, sql } from 'drizzle-orm';
import type { Json } from '../protocol/json.ts';
import type { Drizzle } from './drizzle.ts';
import { receipts } from './schema.ts';

export type ReceiptRow = typeof receipts.$inferSelect;

export function prepareReceipts(db: Drizzle) {
  const $ = sql.placeholder;
  const get = db
    .select()
    .from(receipts)
    .where(and(eq(receipts.principal, $('principal')), eq(receipts.key, $('key'))))
    .prepare();
  const put = db
    .insert(receipts)
    .values({ principal: $('principal'), key: $('key'), hash: $('hash'), answer: $('answer'), at: $('at') })
    .onConflictDoUpdate({
      target: [receipts.principal, receipts.key],
      set: { hash: sql`excluded.hash`, answer: sql`excluded.answer`, at: sql`excluded.at` },
    })
    .prepare();
  return {
    get: (principal: string, key: string): ReceiptRow | undefined => get.get({ principal, key }),
    put: (row: {
      readonly principal: string;
      readonly key: string;
      readonly hash: string;
      readonly answer: Json;
      readonly at: number;
    }): void => void put.run({ ...row }),
    /** Takes what a thread was called and how it began out of the answers that tell of it; that the command was performed stays known. */
    forgetThread: (principal: string, threadId: string): void =>
      void db
        .update(receipts)
        .set({ answer: sql`json_set(${receipts.answer}, '$.title', null, '$.preview', null, '$.metadata', null)` })
        .where(and(eq(receipts.principal, principal), sql`json_extract(${receipts.answer}, '$.id') = ${threadId}`))
        .run(),
  };
}
