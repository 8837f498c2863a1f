import { expect, test, vi } from 'vitest';
import type { Log } from '../../src/db/log.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { localBell } from '../../src/server/bell.ts';
import { type Sink, Tail, type TailOptions } from '../../src/server/tail.ts';
import { complete, finishedThread, openStore, send } from '../db/storeForTest.ts';
import { checkReading } from '../faults/storedLog.ts';
import { FrameThread } from './frameThread.ts';

/** A log whose pages come when they are let go, as those of a database elsewhere do. */
function slowLog(log: Log): Log & { readonly letGo: () => void; readonly waiting: number } {
  let waiting: (() => void)[] = [];
  return {
    ...log,
    async page(thread, after, limit) {
      // Looked up before the wait: what is appended meanwhile is not in it.
      const page = await log.page(thread, after, limit);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return page;
    },
    letGo() {
      const all = waiting;
      waiting = [];
      for (const resolve of all) resolve();
    },
    get waiting() {
      return waiting.length;
    },
  };
}

class RoomySink implements Sink {
  readonly events: AnyEvent[] = [];
  full = false;
  readonly room = Number.POSITIVE_INFINITY;
  drained = (): void => {};

  send(_seq: number, bytes: string): void {
    this.events.push(JSON.parse(Buffer.from(bytes, 'latin1').toString()) as AnyEvent);
  }

  onDrain(listener: () => void): () => void {
    this.drained = listener;
    return () => {};
  }
}

/** A tail of all events of a thread from its beginning, but for what is given. */
function openTail(options: Pick<TailOptions, 'log' | 'bell' | 'thread'> & Partial<TailOptions>): Tail {
  const { maxPageBytes } = DEFAULT_LIMITS;
  return new Tail({
    run: undefined,
    runEnded: false,
    maxPageBytes,
    cursor: 0,
    mode: 'events',
    include: [],
    start: 'events',
    onEnd: () => {},
    ...options,
  });
}

/** A tail whose first page is on its way. */
async function startReading(thread: FrameThread) {
  const log = slowLog(thread.store.log);
  const sink = new RoomySink();
  const { thread: key } = thread;
  const tail = openTail({ log, bell: thread.bell, thread: key });
  const done = tail.run(sink);
  await vi.waitFor(() => expect(log.waiting).toBe(1));
  return { log, sink, tail, done };
}

async function readSlowly(whileReading: (thread: FrameThread) => Promise<void>): Promise<void> {
  await using thread = await FrameThread.open();
  const { log, sink, tail, done } = await startReading(thread);
  await whileReading(thread);
  await vi.waitFor(() => {
    log.letGo();
    expect(sink.events.at(-1)?.seq).toBe(thread.events.length);
  });
  expect(checkReading(thread, { who: 'the tail', events: sink.events })).toBe(thread.events.length);
  tail.end();
  await done;
  expect(thread.held).toEqual({ listeners: 0, logs: 0 });
}

test('what is committed while a page is on its way is delivered after it, though no bell rings again', () =>
  readSlowly(async (thread) => {
    thread.write('meanwhile');
    await thread.turn();
  }));

test('more than memory holds is committed while a page is on its way', () =>
  readSlowly(async (thread) => {
    for (let n = 0; n < 300; n++) await thread.complete();
  }));

test('a tail that is ended while a page is on its way delivers nothing more', async () => {
  await using thread = await FrameThread.open();
  const { log, sink, tail, done } = await startReading(thread);
  tail.end();
  await done;
  log.letGo();
  await thread.turn();
  expect(sink.events).toEqual([]);
  expect(thread.held).toEqual({ listeners: 0, logs: 0 });
});

test('a reader of an open run that a fold passes begins with a snapshot, and sees the end of the run', async () => {
  const on = openStore();
  const { thread, threadId } = await finishedThread(on);
  const { started: run } = await on.store.runs.accept(send('next', { threadId }));
  if (run === undefined) throw new Error('it did not start');
  const bell = localBell();
  on.onRing = () => bell.ring([thread]);
  const sink = new RoomySink();
  sink.full = true;
  const tail = openTail({ log: on.store.log, bell, thread, run: { key: run.key, members: new Map([[run.key, run.id]]) }, cursor: 1 });
  const done = tail.run(sink);
  expect(await on.store.upkeep.fold(on.clock.now())).toBe(1);
  sink.full = false;
  sink.drained();
  await vi.waitFor(() => expect(sink.events.map((event) => event.type)).toContain('thread.snapshot'));
  await complete(on, { key: run.key, id: run.id, thread, attempt: run.attempt });
  await done;
  expect(sink.events.at(-1)).toMatchObject({ type: 'run.completed', runId: run.id });
});

test('a snapshot waits for room as events do', async () => {
  const on = openStore();
  const { thread } = await finishedThread(on);
  let asked = 0;
  const log: Log = {
    ...on.store.log,
    snapshot(...args) {
      asked++;
      return on.store.log.snapshot(...args);
    },
  };
  const sink = new RoomySink();
  sink.full = true;
  const tail = openTail({ log, bell: localBell(), thread, start: 'snapshot' });
  const done = tail.run(sink);
  await new Promise(setImmediate);
  expect([asked, sink.events]).toEqual([0, []]);
  sink.full = false;
  sink.drained();
  await vi.waitFor(() => expect(sink.events.map((event) => event.type)).toEqual(['thread.snapshot']));
  tail.end();
  await done;
});
