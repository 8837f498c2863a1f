import { describe, expect, test } from 'vitest';
import {
  answer,
  command,
  complete,
  counted,
  encodedEvents,
  eventsOf,
  finishedThread,
  OWNER,
  STEP,
  send,
  startThread,
  type TestStore,
  upTo,
} from '../db/storeForTest.ts';

/** What any log must do, over the stores that write it. */
export function testLog({ name, open }: { readonly name: string; readonly open: () => TestStore }): void {
  describe(`log: ${name}`, () => {
    test('a thread has seqs 1, 2, 3 and its head is the last of them', async () => {
      const test = open();
      const { thread } = await finishedThread(test);
      const events = await encodedEvents(test, thread);
      expect(counted(events)).toEqual(upTo(events.length));
      expect(await test.store.log.bounds(thread)).toEqual({ head: events.length, floor: 0 });
    });

    test('pages hold up to their limit of events after a position, in order, and end at the head', async () => {
      const test = open();
      const { thread } = await finishedThread(test);
      const { log } = test.store;
      expect(counted(await log.page(thread, 0, 3))).toEqual([1, 2, 3]);
      expect(counted(await log.page(thread, 3, 2))).toEqual([4, 5]);
      const { head } = (await log.bounds(thread)) ?? { head: 0 };
      expect(await log.page(thread, head, 10)).toEqual([]);
    });

    test('threads do not see each other', async () => {
      const test = open();
      const [a, b] = [await finishedThread(test), await startThread(test)];
      expect((await eventsOf(test, a.thread)).every((event) => event.runId === a.runId)).toBe(true);
      expect(counted(await encodedEvents(test, b.thread))).toEqual([1, 2]);
    });

    test('an event says its place, its run and its type, and begins with its seq', async () => {
      const test = open();
      const { thread, held } = await startThread(test);
      const [first] = await encodedEvents(test, thread);
      expect(first).toMatchObject({ seq: 1, run: held.key, type: 'message.received' });
      expect(first?.json.startsWith('{"seq":1,"at":')).toBe(true);
    });

    test('a thread that is not there has no bounds', async () => {
      expect(await open().store.log.bounds(12_345)).toBeUndefined();
    });

    test('the bell rings after the commit: who hears it reads what it rang for', async () => {
      const test = open();
      const { thread, held } = await startThread(test);
      const rung = test.rings.length;
      await test.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'searching' });
      expect(test.rings.slice(rung)).toEqual([[thread]]);
      expect((await eventsOf(test, thread)).at(-1)).toMatchObject({ type: 'run.status' });
    });

    test('a follower sees the head move and has what came since it follows', async () => {
      const test = open();
      const { thread, held } = await startThread(test);
      const follower = test.store.log.follow(thread);
      expect(follower.head).toBe(2);
      const rung: unknown[] = [];
      test.onRing = () => rung.push([0, 1, 2, 3].map((seq) => counted(follower.freshAfter(seq) ?? [])));
      const say = (text: string): Promise<void> => test.store.runs.append(held, { type: 'run.status', runId: held.id, text });
      await Promise.all([say('one'), say('two')]);
      await say('three');
      expect(follower.head).toBe(5);
      expect(rung).toEqual([
        [[], [], [3, 4], [4]],
        [[], [], [], []],
      ]);
      test.onRing = () => rung.push(follower.freshAfter(5));
      await say('four');
      expect(rung[2]).toEqual(await test.store.log.page(thread, 5, 10));
      expect(follower.freshAfter(5)).toBeUndefined();
      follower.close();
    });

    test('what the bell brings has no gap, however followers come and go', async () => {
      const test = open();
      const { thread, held } = await startThread(test);
      const say = (): Promise<void> => test.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'x' });
      const first = test.store.log.follow(thread);
      await say();
      first.close();
      first.close();
      await say();
      const second = test.store.log.follow(thread);
      const rung: unknown[] = [];
      test.onRing = () => rung.push([2, 4].map((seq) => counted(second.freshAfter(seq) ?? [])));
      await say();
      expect(rung).toEqual([[[], [5]]]);
      second.close();
      expect(test.store.heldLogs).toBe(0);
    });

    test('a follower of a deleted thread is told, before or after', async () => {
      const test = open();
      const { thread, threadId } = await startThread(test);
      const follower = test.store.log.follow(thread);
      await test.store.threads.delete(command('threads.delete'), threadId);
      expect(follower.deleted).toBe(true);
      const late = test.store.log.follow(thread);
      expect(late.deleted).toBe(true);
      follower.close();
      late.close();
      expect(test.store.heldLogs).toBe(0);
    });

    test('what was committed is there after a crash, with the same epoch and the next seq', async () => {
      const before = open();
      const { thread, threadId } = await finishedThread(before);
      const events = await encodedEvents(before, thread);
      const after = before.crash();
      expect(after.store.log.epoch).toBe(before.store.log.epoch);
      expect(await encodedEvents(after, thread)).toEqual(events);
      const { receipt } = await after.store.runs.accept(send('more', { threadId }));
      expect(receipt.seq).toBe(events.length);
      expect(counted(await encodedEvents(after, thread))).toEqual(upTo(events.length + 2));
    });

    test('a snapshot holds the text that streams, and the seq it stands for', async () => {
      const test = open();
      const { thread, held, runId } = await startThread(test);
      const { message } = await test.store.runs.startStep({ run: held, ...STEP });
      const writer = test.store.runs.writeMessage(held, message);
      writer.reasoning('Hm');
      writer.text('Half ');
      writer.text('a word');
      await writer.committed();
      const snapshot = await test.store.log.snapshot(thread);
      expect(snapshot).toMatchObject({ type: 'thread.snapshot', seq: 5, activeRunId: runId, earlier: false });
      expect(snapshot.messages.at(-1)).toMatchObject({ text: 'Half a word', reasoning: 'Hm', status: 'streaming' });
      writer.close();
    });

    test('a snapshot holds the last 200 messages and says that there are earlier ones', async () => {
      const test = open();
      const messages = upTo(201).map((n) => ({ role: n % 2 === 1 ? ('user' as const) : ('assistant' as const), text: `m${n}` }));
      const { id } = await test.store.threads.create({ command: command('create'), title: null, metadata: null, messages });
      const snapshot = await test.store.log.snapshot(await test.store.threads.keyOf({ id: OWNER }, id));
      expect(snapshot.messages.map((message) => message.text)).toEqual(messages.slice(1).map((message) => message.text));
      expect(snapshot).toMatchObject({ seq: 201, earlier: true });
    });

    test('names the messages whose text was withdrawn', async () => {
      const test = open();
      const { thread, held } = await startThread(test);
      const { message } = await test.store.runs.startStep({ run: held, ...STEP });
      expect((await test.store.log.discardedMessages(thread)).size).toBe(0);
      await test.store.runs.discardMessage(held, message, 'retried');
      expect([...(await test.store.log.discardedMessages(thread))]).toEqual([message.id]);
    });

    test('a folded run gives its messages and its terminal event', async () => {
      const test = open();
      const { thread, held, threadId } = await finishedThread(test, 'hello', ['Hi']);
      const events = await encodedEvents(test, thread);
      await test.store.runs.accept(send('next', { threadId }));
      await test.store.upkeep.fold(test.clock.now());
      const { snapshot, terminal } = await test.store.log.runSnapshot(thread, held.key);
      expect(terminal).toEqual(events.at(-1));
      expect(snapshot.seq).toBe(events.length - 1);
      expect(snapshot.messages.map(({ role, text }) => [role, text])).toEqual([
        ['user', 'hello'],
        ['assistant', 'Hi'],
      ]);
    });

    test('a run that is still open begins with its thread at the head', async () => {
      const test = open();
      const { thread, held, threadId } = await finishedThread(test);
      await test.store.runs.accept(send('next', { threadId }));
      const [next] = await test.store.runs.openOfThread(thread);
      if (next === undefined) throw new Error('there is no open run');
      const { snapshot, terminal } = await test.store.log.runSnapshot(thread, next.key);
      expect(terminal).toBeUndefined();
      expect(snapshot).toEqual(await test.store.log.snapshot(thread));
      expect((await test.store.log.runSnapshot(thread, held.key)).terminal?.type).toBe('run.completed');
    });

    test('memory holds no thread that nobody writes or reads', async () => {
      const test = open();
      const { held } = await startThread(test);
      await answer(test, held, ['a', 'b']);
      await complete(test, held);
      expect(test.store.heldLogs).toBe(0);
    });

    test('a store that is closed refuses with SHUTTING_DOWN', async () => {
      const test = open();
      const { held } = await startThread(test);
      test.store.close();
      await expect(test.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'x' })).rejects.toMatchObject({
        code: 'SHUTTING_DOWN',
      });
    });

    test('what waits when the store closes is committed', async () => {
      const test = open();
      const { thread, held } = await startThread(test);
      const waiting = test.store.runs.append(held, { type: 'run.status', runId: held.id, text: 'last' });
      test.store.close();
      await waiting;
      expect((await eventsOf(test, thread)).at(-1)).toMatchObject({ text: 'last' });
    });
  });
}
