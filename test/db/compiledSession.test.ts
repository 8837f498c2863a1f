import { eq, sql } from 'drizzle-orm';
import { BetterSQLiteSession } from 'drizzle-orm/better-sqlite3/session';
import { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { dialect } from '../../src/db/compiledSession.ts';
import { type Drizzle, drizzleOver } from '../../src/db/drizzle.ts';
import { messages, runs, threads } from '../../src/db/schema.ts';
import { answer, complete, openStore, startThread } from './storeForTest.ts';

/** The same file by our session, and by Drizzle's own. */
async function openBoth() {
  const on = openStore();
  const { held } = await startThread(on, 'hello', { context: { deep: [1, null, 'x'] }, options: { temperature: 0.5 } });
  await answer(on, held, ['Hi']);
  await complete(on, held);
  await startThread(on, 'open');
  const own: Drizzle = drizzleOver(on.raw);
  const plain: Drizzle = new BaseSQLiteDatabase('sync', dialect, new BetterSQLiteSession(on.raw, dialect, undefined), undefined);
  return { own, plain };
}

test.each<[name: string, read: (db: Drizzle) => unknown]>([
  ['whole rows', (db) => [runs, messages, threads].map((table) => db.select().from(table).all())],
  [
    'a row by a parameter',
    (db) =>
      db
        .select()
        .from(runs)
        .where(eq(runs.key, sql.placeholder('key')))
        .prepare()
        .get({ key: 1 }),
  ],
  ['no row', (db) => db.select().from(runs).where(eq(runs.key, 99)).get()],
  [
    'columns under other names',
    (db) =>
      db
        .select({ who: runs.principal, open: sql<number>`count(*)`.as('open') })
        .from(runs)
        .all(),
  ],
  [
    'an expression with a decoder',
    (db) =>
      db
        .select({ at: sql`max(${runs.createdAt})`.mapWith(String) })
        .from(runs)
        .get(),
  ],
  ['a join', (db) => db.select({ run: runs, threadId: threads.id }).from(runs).innerJoin(threads, eq(threads.key, runs.thread)).all()],
  ['a join that finds nothing', (db) => db.select({ thread: threads, run: runs }).from(threads).leftJoin(runs, sql`false`).all()],
  ['bare SQL', (db) => db.all(sql`select key, 'x' as word from threads`)],
  ['values', (db) => db.select({ key: runs.key, options: runs.options }).from(runs).values()],
])('answers as Drizzle does: %s', async (_, read) => {
  const { own, plain } = await openBoth();
  expect(read(own)).toEqual(read(plain));
});

test('writes what it is given as Drizzle does, and says which value is missing', async () => {
  const { own, plain } = await openBoth();
  const insert = (db: Drizzle) =>
    db
      .insert(threads)
      .values({
        id: sql.placeholder('id'),
        owner: 'ann',
        metadata: sql.placeholder('metadata'),
        createdAt: 1,
        updatedAt: 1,
        floor: sql.placeholder('floor'),
      })
      .returning()
      .prepare();
  const given = { metadata: { a: [true] }, floor: 3 };
  const ofOwn = insert(own).get({ ...given, id: 'own' });
  const ofPlain = insert(plain).get({ ...given, id: 'plain' });
  expect({ ...ofOwn, id: '', key: 0 }).toEqual({ ...ofPlain, id: '', key: 0 });
  expect(ofOwn.metadata).toEqual({ a: [true] });
  expect(() => insert(own).get({ id: 'x', floor: 0 })).toThrow('metadata');
  const touched = own.update(threads).set({ updatedAt: 9 }).where(eq(threads.id, 'own')).run();
  expect(touched.changes).toBe(1);
});
