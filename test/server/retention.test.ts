import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { Retention } from '../../src/server/retention.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { answer, complete, finishedThread, OWNER, openStore, startThread, type TestStore } from '../db/storeForTest.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
const LIMITS = { receiptTtlMs: DAY_MS };

const recorded = () => {
  const lines: string[] = [];
  const line = (_fields: object, message: string): void => void lines.push(message);
  return { lines, logger: { info: line, warn: line, error: line } };
};

const floorOf = async (on: TestStore, threadId: string) => (await on.store.threads.get({ id: OWNER }, threadId)).floor;

test('folds by itself what ended more than 30 days ago, soon after the start and every hour', async () => {
  const on = openStore();
  const old = await finishedThread(on);
  await on.clock.advance(DAY_MS);
  const young = await finishedThread(on);
  await on.clock.advance(29.5 * DAY_MS);
  const retention = new Retention({ store: on.store, clock: on.clock, limits: LIMITS, logger: recorded().logger });
  retention.start();
  await on.clock.advance(10_000);
  await vi.waitFor(async () => expect(await floorOf(on, old.threadId)).toBeGreaterThan(0));
  expect(await floorOf(on, young.threadId)).toBe(0);
  await retention.sweep();
  await on.clock.advance(DAY_MS - HOUR_MS);
  expect(await floorOf(on, young.threadId)).toBe(0);
  await retention.sweep();
  await on.clock.advance(HOUR_MS);
  await vi.waitFor(async () => expect(await floorOf(on, young.threadId)).toBeGreaterThan(0));
  await retention.close();
});

test('threads are kept unless it is said how long', async () => {
  const on = openStore();
  const { threadId } = await finishedThread(on);
  await on.clock.advance(1_000 * DAY_MS);
  const deps = { store: on.store, clock: on.clock, limits: LIMITS, logger: recorded().logger };
  await new Retention(deps, { foldAfterDays: false }).sweep();
  expect(await floorOf(on, threadId)).toBe(0);
  expect(await new Retention(deps, { deleteThreadsAfterDays: 1_001 }).sweep()).toEqual({ foldedThreads: 1, deletedThreads: 0 });
  expect(await new Retention(deps, { deleteThreadsAfterDays: 999 }).sweep()).toEqual({ foldedThreads: 0, deletedThreads: 1 });
  await expect(on.store.threads.get({ id: OWNER }, threadId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('its slices are short, and leave most of the time to others', async () => {
  const on = openStore();
  const { held, threadId } = await startThread(on);
  await answer(
    on,
    held,
    Array.from({ length: 3_000 }, () => 'x'),
  );
  await complete(on, held);
  await on.clock.advance(31 * DAY_MS);
  const slices: number[] = [];
  const { upkeep } = on.store;
  const foldSome: typeof upkeep.foldSome = async (...args) => {
    const startMs = performance.now();
    const more = await upkeep.foldSome(...args);
    slices.push(performance.now() - startMs);
    return more;
  };
  const startMs = performance.now();
  const store = { upkeep: { ...upkeep, foldSome } };
  await new Retention({ store, clock: on.clock, limits: LIMITS, logger: recorded().logger }).sweep();
  const tookMs = performance.now() - startMs;
  const { head, floor } = await on.store.threads.get({ id: OWNER }, threadId);
  expect(floor).toBe(head);
  expect(slices.length).toBeGreaterThan(head / 100 - 1);
  // Its pauses alone are nine times its work.
  expect(slices.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(tookMs / 5);
}, 30_000);

test('a sweep looks at no thread that is too young for it, and finds an old one among many', async () => {
  const on = openStore();
  const old = await finishedThread(on);
  await on.clock.advance(31 * DAY_MS);
  const ofYoung = on.raw.prepare(
    `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 3000)
     insert into threads (id, owner, created_at, updated_at, floor) select 'young_' || n, 'ann', @now, @now, 0 from numbers`,
  );
  ofYoung.run({ now: on.clock.now() });
  const looked: number[] = [];
  const { upkeep } = on.store;
  const foldSome: typeof upkeep.foldSome = (thread, ...args) => {
    looked.push(thread);
    return upkeep.foldSome(thread, ...args);
  };
  const swept = await new Retention({
    store: { upkeep: { ...upkeep, foldSome } },
    clock: on.clock,
    limits: LIMITS,
    logger: recorded().logger,
  }).sweep();
  expect(swept.foldedThreads).toBe(1);
  expect(new Set(looked)).toEqual(new Set([old.thread]));
});

test('a closing server waits for the slice at work, and no longer', async () => {
  const on = openStore();
  for (let n = 0; n < 100; n++) await finishedThread(on);
  await on.clock.advance(31 * DAY_MS);
  const retention = new Retention({ store: on.store, clock: on.clock, limits: LIMITS, logger: recorded().logger });
  const sweeping = retention.sweep();
  await vi.waitFor(() => expect(on.raw.prepare('select count(*) from threads where floor > 0').pluck().get()).toBeGreaterThan(0));
  await retention.close();
  const { foldedThreads } = await sweeping;
  expect(foldedThreads).toBeLessThan(100);
});

test('entries of the audit log go after their days, and an entry says so', async () => {
  const on = openStore();
  await on.store.audit.record({ actor: 'ann', action: 'threads.delete', outcome: 'ok' });
  await on.clock.advance(2 * DAY_MS);
  await on.store.audit.record({ actor: 'ann', action: 'runs.cancel', outcome: 'ok' });
  const deps = { store: on.store, clock: on.clock, limits: LIMITS, logger: recorded().logger };
  await new Retention(deps).sweep();
  expect(await on.store.audit.page({ limit: 10 })).toHaveLength(2);
  await new Retention(deps, { auditDays: 1 }).sweep();
  expect((await on.store.audit.page({ limit: 10 })).map((row) => row.action)).toEqual(['runs.cancel', 'audit.cut']);
});

test('at its cap the database takes nothing new with STORAGE_FULL, lets go what it has, and then takes more', async () => {
  const { lines, logger } = recorded();
  const agents = { bot: defineAgent({ description: 'bot', model: scriptedModel([{ text: 'one' }, { text: 'two' }]) }) };
  const database = join(tempFolder(), 'v.db');
  await using server = await createTestServer({ agents, database, logger, retention: { maxDatabaseBytes: 3_000_000 } });
  const client = server.client();
  await (await client.send({ agent: 'bot', text: 'hello' })).result();
  expect(lines).not.toContainEqual(expect.stringContaining('nearly as large'));
  const big = 'x'.repeat(10_000);
  const messages = Array.from({ length: 20 }, (_, n) => ({ role: n % 2 === 0 ? ('user' as const) : ('assistant' as const), text: big }));
  const threads: string[] = [];
  const refusal = await (async () => {
    for (;;) {
      try {
        threads.push((await client.threads.create({ messages })).id);
      } catch (error) {
        return error;
      }
    }
  })();
  expect(refusal).toMatchObject({ code: 'STORAGE_FULL', retryable: true, details: { limit: 'maxDatabaseBytes' } });
  expect(threads.length).toBeGreaterThan(5);
  expect(lines.filter((line) => line.includes('nearly as large'))).toHaveLength(1);
  const refused = { code: 'STORAGE_FULL' };
  await expect(client.send({ agent: 'bot', text: 'more' })).rejects.toMatchObject(refused);
  await expect(client.threads.fork({ threadId: threads[0] ?? '' })).rejects.toMatchObject(refused);
  expect((await fetch(`${server.url}/files`, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(503);
  for (const threadId of threads) await client.threads.delete({ threadId });
  await vi.waitFor(async () => expect(await (await client.send({ agent: 'bot', text: 'again' })).text()).toBe('two'));
});

test('a server sweeps with what it was told', async () => {
  const clock = createManualClock();
  const agents = { bot: defineAgent({ description: 'bot', model: scriptedModel([{ text: 'one' }]) }) };
  const database = join(tempFolder(), 'v.db');
  await using server = await createTestServer({ agents, database, clock, retention: { deleteThreadsAfterDays: 2 } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'hello' });
  await run.result();
  await clock.advance(2 * DAY_MS);
  await vi.waitFor(async () => {
    await clock.advance(HOUR_MS);
    await expect(client.threads.get({ threadId: run.threadId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
