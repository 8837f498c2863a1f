import { expect, test } from 'vitest';
import { EncodedEvent, EVENT_FORMATS } from '../../src/db/encodedEvent.ts';
import { prepareEvents } from '../../src/db/events.ts';
import { migrate } from '../../src/db/migrate.ts';
import { MIGRATIONS } from '../../src/db/migrations.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { loadSqlite, type Sqlite } from '../../src/db/sqlite.ts';

function openLog(raw: Sqlite = openDatabase({ file: ':memory:' }).raw) {
  let events = prepareEvents(raw);
  const heads = new Map<number, number>();
  /** One transaction: an event for each thread named. */
  const add = (threads: readonly number[], outcome: 'committed' | 'rolledBack' = 'committed'): void => {
    raw.exec('begin');
    let id = 0;
    const before = new Map(heads);
    for (const thread of threads) {
      const seq = (heads.get(thread) ?? 0) + 1;
      heads.set(thread, seq);
      const stored = `{"seq":${seq},"type":"run.status","thread":${thread}}`;
      id = events.insert(thread, new EncodedEvent({ seq, run: 1, type: 'run.status', stored }, undefined, 0));
    }
    events.writeIndex(id);
    raw.exec(outcome === 'committed' ? 'commit' : 'rollback');
    events.ended(outcome);
    if (outcome === 'rolledBack') for (const thread of threads) heads.set(thread, before.get(thread) ?? 0);
  };
  const remove = (thread: number, seq: number, outcome: 'committed' | 'rolledBack' = 'committed'): void => {
    raw.exec('begin');
    events.removeUpTo(thread, seq);
    raw.exec(outcome === 'committed' ? 'commit' : 'rollback');
    events.ended(outcome);
  };
  const seqs = (thread: number, after = 0): number[] => events.page(thread, after, 10_000).map(({ seq }) => seq);
  const blocks = (): number => raw.prepare<[], number>('select count(*) from event_index').pluck().get() ?? 0;
  const rows = (): number => raw.prepare<[], number>('select count(*) from events').pluck().get() ?? 0;
  const restart = (): void => {
    events = prepareEvents(raw);
  };
  return { raw, add, remove, seqs, blocks, rows, restart, head: (thread: number) => events.head(thread) };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('a thread is read whole, in order, from blocks and from memory, before and after a restart', () => {
  const log = openLog();
  for (let turn = 0; turn < 300; turn++) log.add([1, 2]);
  expect(log.blocks()).toBe(4);
  for (const when of ['running', 'restarted']) {
    expect([when, log.seqs(1)]).toEqual([when, range(1, 300)]);
    for (const after of [1, 127, 128, 129, 255, 256, 257, 299]) expect(log.seqs(2, after)).toEqual(range(after + 1, 300));
    expect([log.seqs(1, 300), log.head(1), log.head(3)]).toEqual([[], 300, 0]);
    log.restart();
  }
  log.add([1]);
  expect(log.seqs(1, 298)).toEqual([299, 300, 301]);
});

test('what is rolled back leaves nothing behind, and seqs go on', () => {
  const log = openLog();
  for (let turn = 0; turn < 127; turn++) log.add([1, 2]);
  log.add([1, 1, 2, 3], 'rolledBack');
  expect([log.blocks(), log.seqs(1), log.seqs(3), log.head(1)]).toEqual([0, range(1, 127), [], 127]);
  log.add([3, 1, 2]);
  expect([log.blocks(), log.seqs(1), log.seqs(2), log.seqs(3)]).toEqual([2, range(1, 128), range(1, 128), [1]]);
  log.restart();
  expect([log.seqs(1), log.seqs(3)]).toEqual([range(1, 128), [1]]);
});

test('removing takes whole blocks, a part of one, and what is in memory only; a rollback gives them back', () => {
  const log = openLog();
  for (let turn = 0; turn < 300; turn++) log.add([1, 2]);
  log.remove(1, 200, 'rolledBack');
  expect(log.seqs(1)).toEqual(range(1, 300));
  log.remove(1, 200);
  expect([log.seqs(1), log.seqs(2), log.rows()]).toEqual([range(201, 300), range(1, 300), 400]);
  log.remove(1, 290);
  log.add([1]);
  log.remove(2, Number.MAX_SAFE_INTEGER);
  expect([log.seqs(1), log.seqs(2), log.head(2)]).toEqual([range(291, 301), [], 0]);
  log.restart();
  expect([log.seqs(1), log.seqs(2), log.rows()]).toEqual([range(291, 301), [], 11]);
});

test('a quiet thread is indexed before a new process would look for its events in vain', () => {
  const log = openLog();
  log.add([7, 7, 7]);
  const busy = Array.from({ length: 1_000 }, () => 1);
  for (let turn = 0; turn < 70; turn++) log.add(busy);
  expect(log.raw.prepare('select last_seq as last, ids from event_index where thread = 7').get()).toEqual({ last: 3, ids: '[1,2,3]' });
  for (let turn = 0; turn < 70; turn++) log.add(busy);
  log.restart();
  expect([log.seqs(7), log.head(7), log.seqs(1, 139_990)]).toEqual([[1, 2, 3], 3, range(139_991, 140_000)]);
});

test('a file from before the index is read as before', () => {
  const raw: Sqlite = new (loadSqlite().Database)(':memory:');
  raw.pragma('foreign_keys = ON');
  migrate(raw, MIGRATIONS.slice(0, 2), 1);
  const insert = raw.prepare('insert into events (thread, seq, run, v, json) values (?, ?, 1, ?, ?)');
  for (let seq = 11; seq <= 310; seq++)
    for (const thread of [1, 2]) insert.run(thread, seq, EVENT_FORMATS.whole, `{"seq":${seq},"type":"data"}`);
  migrate(raw, MIGRATIONS, 1);
  const log = openLog(raw);
  expect([log.blocks(), log.seqs(1), log.seqs(2, 200), log.head(2)]).toEqual([6, range(11, 310), range(201, 310), 310]);
});

test('deltas that were stored whole are read as those are whose text alone is stored', () => {
  const raw: Sqlite = new (loadSqlite().Database)(':memory:');
  raw.pragma('foreign_keys = ON');
  migrate(raw, MIGRATIONS, 1);
  const insert = raw.prepare('insert into events (thread, seq, run, v, json) values (1, ?, 7, 1, ?)');
  const texts = [
    ['text.delta', 'msg_1', 'a "quoted" ,"delta":"b'],
    ['text.delta', 'msg_1', '\ud83d'],
    ['reasoning.delta', 'msg_1', ''],
    ['text.delta', 'msg_2', 'd'],
  ].map(([type, messageId, delta], index) => JSON.stringify({ seq: index + 1, at: 1_000 + index, type, runId: 'run_1', messageId, delta }));
  for (const [index, text] of texts.entries()) insert.run(index + 1, text);
  const read = prepareEvents(raw).page(1, 0, 10);
  expect(read.map((event) => event.json)).toEqual(texts);
  expect(read.map((event) => [event.head?.type, event.head?.messageId, event.at])).toEqual([
    ['text.delta', 'msg_1', 1_000],
    ['text.delta', 'msg_1', 1_001],
    ['reasoning.delta', 'msg_1', 1_002],
    ['text.delta', 'msg_2', 1_003],
  ]);
  expect(read[0]?.head).toBe(read[1]?.head);
});
