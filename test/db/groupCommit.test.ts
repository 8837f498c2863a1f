import { expect, onTestFinished, test, vi } from 'vitest';
import { deltaHead } from '../../src/db/encodedEvent.ts';
import { GroupCommit, type Tx } from '../../src/db/groupCommit.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import type { DeltaStream } from '../../src/db/pendingWrite.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import type { ThreadLog } from '../../src/db/threadLog.ts';
import { mayBy } from '../../src/protocol/policy.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { createManualClock } from '../../src/testing/index.ts';

const MESSAGE_KEYS: Readonly<Record<string, number>> = { m: 1, n: 2 };

/** A group commit over a database in memory, with threads 1 and 2. */
function openCommit() {
  const { raw } = openDatabase({ file: ':memory:' });
  const queries = prepareQueries(raw);
  const rings: number[][] = [];
  const highWater: number[] = [];
  const commit = new GroupCommit({
    raw,
    queries,
    may: mayBy(undefined),
    clock: createManualClock(),
    onCommit: (logs) => rings.push(logs.map((log) => log.key)),
    recordHighWater: (id) => highWater.push(id),
    onErased: () => {},
  });
  for (const id of ['a', 'b', 'where the messages are'])
    queries.threads.insert({ id, owner: 'ann', tenant: null, title: null, metadata: null, now: 0, floor: 0 });
  const run = queries.runs.insert({
    id: 'r',
    thread: 3,
    agent: 'x',
    principal: { id: 'ann' },
    rank: 0,
    cancelOnDisconnect: false,
    options: {},
    context: null,
    firstSeq: 1,
    createdAt: 0,
  });
  for (const id of Object.keys(MESSAGE_KEYS)) {
    queries.messages.insert({ id, thread: 3, run, role: 'assistant', status: 'streaming', receivedSeq: 1, text: '', at: 0 });
  }
  const events = (thread = 1) => queries.events.page(thread, 0, 100).map(({ json }) => JSON.parse(json));
  const said = (thread = 1): string[] => events(thread).map((event) => event.delta ?? event.text);
  const failures: VerbatimError[] = [];
  const streams = new Map<string, DeltaStream>();
  /** Writes text as a message's writer does, which then waits for the commit or is gone before it. */
  const say = (message: string, text: string, thread = 1, close = true): void => {
    const log = commit.hold(thread);
    const key = `${thread} ${message}`;
    const known = streams.get(key);
    const stream = known?.log === log ? known : streamOf(log, message, (error) => failures.push(error));
    streams.set(key, stream);
    commit.appendDelta(stream, text);
    if (close) commit.release(log);
  };
  const tell = (text: string, thread = 1) => commit.run((tx) => status(tx, text, thread));
  return { raw, queries, commit, rings, highWater, events, said, failures, say, tell };
}

function streamOf(log: ThreadLog, message = 'm', fail: DeltaStream['fail'] = () => {}): DeltaStream {
  const head = deltaHead('text.delta', { runId: 'r', messageId: message, message: MESSAGE_KEYS[message] ?? 0 });
  return { log, run: 0, head, fail };
}

function status(tx: Tx, text: string, thread = 1): number {
  return tx.append(thread, 0, { type: 'run.status', runId: 'r', text });
}

test('an operation that refuses after it wrote leaves nothing, and the others of its batch stand', async () => {
  const { commit, queries } = openCommit();
  const thread = { owner: 'ann', tenant: null, title: null, metadata: null, now: 0, floor: 0 };
  const before = commit.run((tx) => tx.queries.threads.insert({ ...thread, id: 'before' }));
  const refused = commit.run((tx) => {
    tx.queries.threads.insert({ ...thread, id: 'refused' });
    tx.append(1, 0, { type: 'run.status', runId: 'r', text: 'refused' });
    throw new VerbatimError('NOT_ALLOWED', 'no');
  });
  const after = commit.run((tx) => tx.append(1, 0, { type: 'run.status', runId: 'r', text: 'after' }));
  await expect(refused).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await before;
  expect(await after).toBe(1);
  expect([queries.threads.byId('before'), queries.threads.byId('refused')]).toMatchObject([{ id: 'before' }, undefined]);
});

test('a run is seen as it was before an operation that broke', async () => {
  const { commit, queries } = openCommit();
  const key = queries.runs.byId('r')?.key ?? 0;
  const broken = commit.run((tx) => {
    tx.queries.runs.setAttempt(key, 7);
    expect(tx.queries.runs.byKey(key)?.attempt).toBe(7);
    throw new Error('broken');
  });
  await expect(broken).rejects.toThrow('broken');
  expect(queries.runs.byKey(key)?.attempt).toBe(queries.runs.byId('r')?.attempt);
});

test('adjacent deltas of one message that meet in one batch are one event', async () => {
  const { say, commit, events } = openCommit();
  say('m', 'a', 1, false);
  say('m', 'b', 1, false);
  say('m', 'c', 1, false);
  await commit.committed();
  expect(events()).toMatchObject([{ seq: 1, type: 'text.delta', messageId: 'm', delta: 'abc' }]);
});

test('deltas of two messages, of two threads, or on both sides of an operation are not merged', async () => {
  const { say, commit, said, tell } = openCommit();
  say('m', 'a');
  say('n', 'b');
  say('m', 'c');
  say('m', 'x', 2);
  say('m', 'd');
  const told = tell('between');
  say('m', 'e');
  await told;
  await commit.committed();
  expect(said()).toEqual(['a', 'b', 'cd', 'between', 'e']);
  expect(said(2)).toEqual(['x']);
});

test('text does not join across an operation of another thread, which may append to any', async () => {
  const { say, commit, said, tell } = openCommit();
  say('m', 'a');
  const told = tell('elsewhere', 2);
  say('m', 'b');
  await told;
  await commit.committed();
  expect(said()).toEqual(['a', 'b']);
});

test('what was asked for in one turn happens in order, in one commit with one ring', async () => {
  const { rings, tell, said } = openCommit();
  const seqs = await Promise.all([tell('one'), tell('other', 2), tell('two'), tell('three')]);
  expect(seqs).toEqual([1, 1, 2, 3]);
  expect(said()).toEqual(['one', 'two', 'three']);
  expect(rings).toEqual([[1, 2]]);
});

test('a refusal fails alone, and takes no seq', async () => {
  const { commit, tell, said } = openCommit();
  const results = await Promise.allSettled([
    tell('before'),
    commit.run(() => {
      throw new VerbatimError('THREAD_BUSY', 'Busy.');
    }),
    tell('after'),
  ]);
  expect(results).toMatchObject([{ value: 1 }, { reason: { code: 'THREAD_BUSY' } }, { value: 2 }]);
  expect(said()).toEqual(['before', 'after']);
});

test('an operation that breaks midway is taken out whole, and the others go on', async () => {
  const { commit, tell, say, said, failures } = openCommit();
  const results = await Promise.allSettled([
    tell('before'),
    commit.run((tx) => {
      status(tx, 'half');
      throw new TypeError('a bug');
    }),
    tell('after'),
  ]);
  say('m', 'text');
  await commit.committed();
  expect(results).toMatchObject([{ value: 1 }, { reason: { message: 'a bug' } }, { value: 2 }]);
  expect(said()).toEqual(['before', 'after', 'text']);
  expect(failures).toEqual([]);
});

test('an illegal move of a run takes back all of its operation', async () => {
  const { commit, queries, events } = openCommit();
  const base = { agent: 'a', principal: { id: 'ann' }, rank: 0, cancelOnDisconnect: false, options: {}, context: null };
  const key = queries.runs.insert({ ...base, id: 'run_1', thread: 1, firstSeq: 1, createdAt: 0 });
  const moving = commit.run((tx) => {
    status(tx, 'done');
    const row = tx.queries.runs.byKey(key);
    if (row !== undefined) tx.queries.runs.move(row, 'completed');
  });
  await expect(moving).rejects.toThrow('run run_1 is queued and cannot become completed');
  expect(events()).toEqual([]);
});

test('text that waits when its writer has gone does not share a seq with a reader who comes then', async () => {
  const { say, commit, tell, said, rings } = openCommit();
  say('m', 'last words', 1, false);
  const other = tell('elsewhere', 2);
  const writer = commit.hold(1);
  commit.release(writer);
  commit.release(writer);
  const reader = commit.hold(1);
  const told = tell('the end');
  await Promise.all([other, told]);
  expect(said()).toEqual(['last words', 'the end']);
  expect(reader.head).toBe(2);
  expect(rings).toEqual([[1, 2]]);
  commit.release(reader);
  expect(commit.heldLogs).toBe(0);
});

test('no thread stays in memory, whatever order its writers end in', async () => {
  const { say, commit, tell } = openCommit();
  say('m', 'a');
  say('m', 'b', 2);
  await tell('x');
  await commit.committed();
  expect(commit.heldLogs).toBe(0);
  const log = commit.hold(1);
  await commit.run((tx) => tx.endLog(1));
  commit.appendDelta(streamOf(log), 'late');
  commit.release(log);
  await commit.committed();
  expect(commit.heldLogs).toBe(0);
});

test('text written to a thread that is gone is not stored', async () => {
  const { commit, queries, events } = openCommit();
  const before = commit.hold(1);
  await commit.run((tx) => {
    tx.queries.threads.remove(1);
    tx.endLog(1);
  });
  const after = commit.hold(1);
  queries.threads.remove(2);
  const never = commit.hold(2);
  for (const log of [before, after, never]) {
    commit.appendDelta(streamOf(log), 'late');
    commit.release(log);
  }
  await commit.committed();
  expect([events(1), events(2)]).toEqual([[], []]);
});

test('tells the newest event’s id after a commit, and never one that was taken back or removed', async () => {
  const { commit, tell, highWater } = openCommit();
  await tell('one');
  await tell('two');
  expect(highWater).toEqual([1, 2]);
  await commit
    .run((tx) => {
      status(tx, 'three');
      throw new TypeError('a bug');
    })
    .catch(() => {});
  await commit.run(() => {});
  expect(highWater).toEqual([1, 2]);
  await commit.run((tx) => {
    status(tx, 'three');
    tx.queries.events.removeUpTo(1, 3);
    tx.removedEvents();
  });
  expect(highWater.at(-1)).toBe(0);
});

test('a lone token is committed at once; under load a commit is put off by 3 ms at most', async () => {
  const { commit, say, said } = openCommit();
  const waits: number[] = [];
  const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((flush: () => void, ms: number) => {
    waits.push(ms);
    return setImmediate(flush);
  }) as never);
  onTestFinished(() => void timer.mockRestore());
  say('m', 'alone');
  await commit.committed();
  expect([said(), waits]).toEqual([['alone'], []]);
  for (let turn = 0; turn < 200; turn++) {
    for (let message = 0; message < 50; message++) say(`m${message}`, 'x'.repeat(2_000));
    await commit.committed();
  }
  expect(waits.length).toBeGreaterThan(100);
  expect(Math.max(...waits)).toBeLessThanOrEqual(3);
});
