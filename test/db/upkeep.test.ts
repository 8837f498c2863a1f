import { expect, test } from 'vitest';
import { prepareQueries } from '../../src/db/queries.ts';
import { openForTest } from './openForTest.ts';
import {
  allMessages,
  answer,
  command,
  complete,
  counted,
  encodedEvents,
  finishedThread,
  heldBy,
  OWNER,
  openStore,
  rowCounts,
  send,
  startThread,
  type TestStore,
} from './storeForTest.ts';
import { tempFolder } from './tempFolder.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Calls it until it says that there is nothing more; returns how often that was. */
async function all(slice: () => Promise<boolean> | boolean): Promise<number> {
  let slices = 1;
  while (await slice()) slices++;
  return slices;
}

const floorOf = async (on: TestStore, threadId: string) => (await on.store.threads.get({ id: OWNER }, threadId)).floor;

test('a thread is folded a few events at a time, and reads right in between', async () => {
  const on = openStore();
  const { threadId, thread } = await finishedThread(on);
  const { head } = await on.store.threads.get({ id: OWNER }, threadId);
  const messages = await allMessages(on, threadId);
  expect(await on.store.upkeep.foldSome(thread, on.clock.now(), 3)).toBe(true);
  expect(await floorOf(on, threadId)).toBe(3);
  expect(counted(await encodedEvents(on, thread, 3))).toEqual(Array.from({ length: head - 3 }, (_, n) => n + 4));
  // A crash in the middle changes nothing of that.
  const after = on.crash();
  expect(counted(await encodedEvents(after, thread, 3))).toEqual(Array.from({ length: head - 3 }, (_, n) => n + 4));
  await all(() => after.store.upkeep.foldSome(thread, on.clock.now(), 3));
  expect(await floorOf(after, threadId)).toBe(head);
  expect(await allMessages(after, threadId)).toEqual(messages);
  expect(rowCounts(on.raw)).toMatchObject({ events: 0, event_index: 0 });
});

test('a thread that nobody used is deleted bit by bit: gone at once for everybody, and in the end from every table', async () => {
  const on = openStore();
  await finishedThread(on, 'other');
  const rows = rowCounts(on.raw);
  const { threadId, thread, held } = await startThread(on);
  await answer(on, held, ['a', 'b']);
  await complete(on, held);
  await on.store.memories.set({ scope: 'thread', id: threadId }, { key: 'k', value: 1 }, { maxEntries: 10 });
  const reader = on.store.log.follow(thread);
  await on.clock.advance(DAY_MS);
  expect(await on.store.upkeep.expireThread(thread, on.clock.now() - 2 * DAY_MS)).toBe(false);
  expect(await on.store.upkeep.expireThread(thread, on.clock.now())).toBe(true);
  await expect(on.store.threads.get({ id: OWNER }, threadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(on.store.threads.get({ id: 'root', roles: ['admin'] }, threadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(on.store.runs.accept(send('more', { threadId }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(reader.deleted).toBe(true);
  reader.close();
  // The process ends in the middle: the next one finds what is left.
  await on.store.upkeep.removeSome(thread, 2);
  const after = on.crash();
  expect(after.store.upkeep.threads(0, { begun: -1, idle: -1 })).toMatchObject({ threads: [{ key: thread, gone: true }], next: undefined });
  expect(await all(() => after.store.upkeep.removeSome(thread, 2))).toBeGreaterThan(5);
  expect(rowCounts(on.raw)).toEqual({ ...rows, audit_log: 1 });
  expect(on.raw.pragma('foreign_key_check')).toEqual([]);
  expect(await after.store.audit.page({ limit: 1 })).toMatchObject([
    { actor: 'server', action: 'threads.delete', target: threadId, details: { owner: OWNER, reason: 'retention' } },
  ]);
});

test('what is left of a thread that was given up belongs to nobody, by whatever name, and is in no list', async () => {
  const on = openStore();
  const { thread } = await finishedThread(on);
  await on.clock.advance(DAY_MS);
  expect(await on.store.upkeep.expireThread(thread, on.clock.now())).toBe(true);
  const gone = on.raw.prepare('select id from threads where key = ?').pluck().get(thread) as string;
  for (const principal of [{ id: 'root', roles: ['admin'] }, { id: '' }]) {
    await expect(on.store.threads.get(principal, gone)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(on.store.runs.accept(send('more', { threadId: gone, principal }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
  const root = { id: 'root', roles: ['admin'] };
  const all = await on.store.threads.list(root, { all: true, limit: 10, sort: 'activity', order: 'desc' } as never);
  expect(all.items).toEqual([]);
});

test('a thread with an open run stays, however old', async () => {
  const on = openStore();
  const { thread } = await startThread(on);
  await on.clock.advance(DAY_MS);
  expect(await on.store.upkeep.expireThread(thread, on.clock.now())).toBe(false);
});

test('what a run under another refers to does not keep either', async () => {
  const on = openStore();
  const { thread, run } = await startThread(on);
  on.raw
    .prepare(
      "insert into runs (id, thread, parent, agent, principal, status, cancel_on_disconnect, options, first_seq, created_at, usage, depth) select 'child', thread, key, agent, principal, 'completed', 0, '{}', first_seq, 1, usage, 1 from runs where key = ?",
    )
    .run(run.key);
  await complete(on, heldBy(run));
  await on.clock.advance(DAY_MS);
  await on.store.upkeep.expireThread(thread, on.clock.now());
  await all(() => on.store.upkeep.removeSome(thread, 1));
  expect(rowCounts(on.raw)).toMatchObject({ runs: 0, threads: 0, messages: 0 });
});

test('expired receipts, tokens, logins, shares, counts and days of use go, a few at a time, and the others stay', async () => {
  const on = openStore();
  const { thread } = await finishedThread(on);
  const now = 1_000_000;
  on.raw.exec(`
    insert into users (key, id, name, roles, created_at, updated_at) values (1, 'u', 'u', '[]', 1, 1);
    insert into logins (key, id, user, created_at, expires_at) values (1, 'old', 1, 1, ${now - 1}), (2, 'new', 1, 1, ${now + 1});
    insert into tokens (hash, kind, login, expires_at) values ('a', 'refresh', 1, ${now - 1}), ('b', 'access', 2, ${now - 1}), ('c', 'refresh', 2, ${now + 1});
    insert into shares (id, thread, access, expires_at, created_at, created_by) values ('s1', ${thread}, 'read', ${now - 1}, 1, 'u'), ('s2', ${thread}, 'read', null, 1, 'u');
    insert into usage_days (owner, day, tokens, micro_cost) values ('u', 9, 1, 1), ('u', 10, 1, 1);
    insert into receipts (principal, key, hash, answer, at) values ('u', 'k1', '', '{}', 4), ('u', 'k2', '', '{}', 5);
    insert into rate_counts (key, points, expire) values ('over', 1, ${now}), ('open', 1, ${now + 1});
  `);
  expect(await all(() => on.store.upkeep.sweepSome({ receipts: 5, now, usageDay: 10 }, 1))).toBe(8);
  const column = (sql: string) => on.raw.prepare(sql).pluck().all();
  expect(column('select id from logins')).toEqual(['new']);
  expect(column('select hash from tokens')).toEqual(['c']);
  expect(column('select id from shares')).toEqual(['s2']);
  expect(column('select day from usage_days')).toEqual([10]);
  expect(column('select key from receipts')).toEqual(['k2']);
  expect(column('select key from rate_counts')).toEqual(['open']);
});

test('a file gives free pages back, a few at a time, and keeps a share of them', async () => {
  const file = `${tempFolder()}/v.db`;
  const on = openStore(file);
  const before = on.store.upkeep.size();
  const { threadId } = await finishedThread(on, 'x'.repeat(9_000_000));
  const full = on.store.upkeep.size();
  expect(full.usedBytes - before.usedBytes).toBeGreaterThan(9_000_000);
  await on.store.threads.delete(command('threads.delete'), threadId);
  const emptied = on.store.upkeep.size();
  expect(emptied.fileBytes).toBe(full.fileBytes);
  expect(emptied.usedBytes).toBeLessThan(before.usedBytes + 100_000);
  expect(await all(() => on.store.upkeep.vacuumSome(256))).toBeGreaterThan(5);
  expect(on.store.upkeep.size().fileBytes).toBeLessThan(full.fileBytes / 3);
  expect(on.raw.pragma('freelist_count', { simple: true })).toBeGreaterThanOrEqual(256);
  expect(on.raw.pragma('integrity_check', { simple: true })).toBe('ok');
});

test('a file from before keeps its free pages for what comes', () => {
  const file = `${tempFolder()}/v.db`;
  const { raw } = openForTest({ file });
  raw.pragma('auto_vacuum = NONE');
  raw.exec('vacuum');
  expect(raw.pragma('auto_vacuum', { simple: true })).toBe(0);
  expect(prepareQueries(raw).threads.byKey(1)).toBeUndefined();
});
