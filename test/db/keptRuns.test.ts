import { expect, test } from 'vitest';
import { prepareQueries, type Queries } from '../../src/db/queries.ts';
import type { RunRow } from '../../src/db/runs.ts';
import { NO_USAGE } from '../../src/protocol/usage.ts';
import { openForTest } from './openForTest.ts';

/** Queries over a file with one open run, and what it says of that run when it is asked. */
function openRun() {
  const { raw } = openForTest({ file: ':memory:' });
  const queries = prepareQueries(raw);
  const { key: thread } = queries.threads.insert({ id: 't', owner: 'ann', tenant: null, title: null, metadata: null, now: 0, floor: 0 });
  const key = queries.runs.insert({
    id: 'r',
    thread,
    agent: 'x',
    principal: { id: 'ann' },
    rank: 0,
    cancelOnDisconnect: false,
    options: {},
    context: null,
    firstSeq: 1,
    createdAt: 0,
  });
  const row = (): RunRow => {
    const found = queries.runs.byKey(key);
    if (found === undefined) throw new Error('the run is gone');
    return found;
  };
  /** What the file says, whatever is kept. */
  const stored = (): RunRow | undefined => prepareQueries(raw).runs.byKey(key);
  return { raw, queries, key, thread, row, stored };
}

test('the row of an open run is kept, and another one for each time that it changes', () => {
  const { queries, key, row } = openRun();
  expect(row()).toBe(row());
  const before = row();
  queries.runs.setUsage(key, { ...NO_USAGE, inputTokens: 1 });
  expect(row()).not.toBe(before);
  expect(before.usage).toEqual(NO_USAGE);
  expect(row()).toBe(row());
});

test.each<[name: string, change: (queries: Queries, run: RunRow) => void, after: Partial<RunRow>]>([
  ['started', ({ runs }, run) => runs.start(run, { attempt: 2, lease: 'l', now: 5 }), { status: 'running', attempt: 2, lease: 'l' }],
  [
    'paused, and charged',
    ({ runs }, run) => {
      runs.start(run, { attempt: 1, lease: 'l', now: 5 });
      runs.setUsage(run.key, { ...NO_USAGE, inputTokens: 1, models: { m: { inputTokens: 1, outputTokens: 0 } } });
      runs.move({ ...run, status: 'running' }, 'waiting');
    },
    {
      status: 'waiting',
      attempt: 1,
      lease: 'l',
      startedAt: 5,
      usage: { ...NO_USAGE, inputTokens: 1, models: { m: { inputTokens: 1, outputTokens: 0 } } },
    },
  ],
  ['moved', ({ runs }, run) => runs.move(run, 'cancelled', { endedAt: 7 }), { status: 'cancelled', endedAt: 7 }],
  ['handed over', ({ runs }, run) => runs.setAgent(run.key, { agent: 'y', handoffs: 1 }), { currentAgent: 'y', handoffs: 1 }],
  ['given another attempt', ({ runs }, run) => runs.setAttempt(run.key, 4), { attempt: 4 }],
  ['asked to end', ({ runs }, run) => runs.setCancelBy(run.key, 'ann'), { cancelBy: 'ann' }],
  ['left', ({ runs }, run) => runs.dropLease(run.key), { lease: null }],
])('a run that was %s is seen so', (_, change, after) => {
  const { queries, row, stored } = openRun();
  change(queries, row());
  expect(row()).toMatchObject(after);
  expect(row()).toStrictEqual(stored());
});

test('a run that is gone with its thread is not found', () => {
  const { queries, key, thread, row } = openRun();
  row();
  queries.runs.removeOfThread(thread);
  expect(queries.runs.byKey(key)).toBeUndefined();
});

test('an owner has room until the limit, and again after a removal, without a count at each thread', () => {
  const { raw } = openForTest({ file: ':memory:' });
  const { threads } = prepareQueries(raw);
  const begin = (id: string): number =>
    threads.insert({ id, owner: 'ann', tenant: null, title: null, metadata: null, now: 0, floor: 0 }).key;
  const keys: number[] = [];
  while (keys.length < 10 && threads.hasRoom('ann', 5)) keys.push(begin(`t${keys.length}`));
  expect(keys).toHaveLength(5);
  threads.remove(keys[0] ?? 0);
  expect(threads.hasRoom('ann', 5)).toBe(true);
  begin('again');
  expect(threads.hasRoom('ann', 5)).toBe(false);
  // Another limit, such as that of another tier, is counted for itself.
  expect(threads.hasRoom('ann', 6)).toBe(true);
  expect(threads.hasRoom('ann', 5)).toBe(false);
  expect(threads.hasRoom('bob', 1)).toBe(true);
});
