import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import { RUN_TRANSITIONS } from '../../src/db/runStatus.ts';
import type { RunRow } from '../../src/db/runs.ts';
import type { RunStatus } from '../../src/protocol/procedures.ts';

const STATES = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'] as const satisfies readonly RunStatus[];

/** The table, a second time: whoever changes one must change the other. */
const LEGAL = new Set([
  'queued running',
  'queued failed',
  'queued cancelled',
  'running running',
  'running waiting',
  'running completed',
  'running failed',
  'running cancelled',
  'waiting running',
  'waiting waiting',
  'waiting completed',
  'waiting failed',
  'waiting cancelled',
]);

function openRuns() {
  const database = openDatabase({ file: ':memory:' });
  onTestFinished(() => database.close());
  const { runs, threads } = prepareQueries(database.raw);
  threads.insert({ id: 'thread', owner: 'local', tenant: null, title: null, metadata: null, now: 0, floor: 0 });
  const thread = threads.byId('thread')?.key ?? 0;
  let made = 0;
  const insert = (): RunRow => {
    const key = runs.insert({
      id: `run_${++made}`,
      thread,
      agent: 'bot',
      principal: { id: 'local' },
      rank: 0,
      cancelOnDisconnect: false,
      options: {},
      context: null,
      firstSeq: 1,
      createdAt: 0,
    });
    const row = runs.byKey(key);
    if (row === undefined) throw new Error('the run is not there');
    return row;
  };
  const force = (row: RunRow, status: RunStatus): RunRow => {
    database.raw.prepare('update runs set status = ? where key = ?').run(status, row.key);
    runs.forgetKept();
    return { ...row, status };
  };
  return { runs, insert, force };
}

test.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))('from %s to %s', (from, to) => {
  const { runs, insert, force } = openRuns();
  const row = force(insert(), from);
  const isLegal = LEGAL.has(`${from} ${to}`);
  expect(RUN_TRANSITIONS[from].includes(to)).toBe(isLegal);
  if (isLegal) runs.move(row, to);
  else expect(() => runs.move(row, to)).toThrow(`is ${from} and cannot become ${to}`);
  expect(runs.byKey(row.key)?.status).toBe(isLegal ? to : from);
});

test('a run that has ended holds no lease, one that waits does, and its outcome reads back as it was', () => {
  const { runs, insert } = openRuns();
  const row = insert();
  runs.start(row, { attempt: 1, lease: 'boot_1', now: 5 });
  runs.move({ ...row, status: 'running' }, 'waiting');
  expect(runs.byKey(row.key)).toMatchObject({ status: 'waiting', lease: 'boot_1', endedAt: null });
  const output = { answer: [1, null] };
  runs.move({ ...row, status: 'waiting' }, 'completed', { endedAt: 9, lastSeq: 3, outcome: 'partial', output });
  const ended = { status: 'completed', lease: null, endedAt: 9, lastSeq: 3, outcome: 'partial', output, error: null };
  expect(runs.byKey(row.key)).toMatchObject(ended);
});

test('a move from a state that the run has left is refused', () => {
  const { runs, insert, force } = openRuns();
  const row = force(insert(), 'running');
  runs.move(row, 'completed');
  expect(() => runs.move(row, 'failed')).toThrow('no longer running');
  expect(() => runs.start(row, { attempt: 2, lease: 'x', now: 0 })).toThrow('no longer running');
  expect(runs.byKey(row.key)?.status).toBe('completed');
});

test.each(['running', 'waiting'] as const)('the database refuses a second active root run beside one that is %s', (status) => {
  const { runs, insert, force } = openRuns();
  force(insert(), status);
  const second = insert();
  expect(() => runs.start(second, { attempt: 1, lease: 'x', now: 0 })).toThrow(/UNIQUE/);
  expect(runs.byKey(second.key)?.status).toBe('queued');
});
