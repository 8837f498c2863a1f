import { expect, test } from 'vitest';
import { STORED_EVENTS } from './storedEvents.ts';
import {
  allMessages,
  answer,
  complete,
  counted,
  encodedEvents,
  finishedThread,
  heldBy,
  OWNER,
  openStore,
  send,
  startThread,
} from './storeForTest.ts';

test('the events of a run that ended long ago go; its messages, the head and its outcome stay', async () => {
  const on = openStore();
  const { threadId, thread, runId } = await finishedThread(on);
  const messages = await allMessages(on, threadId);
  const [before, run] = [await on.store.threads.get({ id: OWNER }, threadId), await on.store.runs.get({ id: OWNER }, runId)];
  expect(await on.store.upkeep.fold(on.clock.now())).toBe(1);
  expect(await encodedEvents(on, thread)).toEqual([]);
  expect(await on.store.threads.get({ id: OWNER }, threadId)).toEqual({ ...before, floor: before.head });
  expect(await allMessages(on, threadId)).toEqual(messages);
  expect(await on.store.runs.get({ id: OWNER }, runId)).toEqual(run);
});

test('a run that ended since, or has not ended, keeps its events', async () => {
  const on = openStore();
  await finishedThread(on);
  await startThread(on);
  expect(await on.store.upkeep.fold(on.clock.now() - 1)).toBe(0);
});

test('folding again changes nothing', async () => {
  const on = openStore();
  await finishedThread(on);
  expect(await on.store.upkeep.fold(on.clock.now())).toBe(1);
  expect(await on.store.upkeep.fold(on.clock.now())).toBe(0);
});

test('what comes after folding takes the next seq, also after a crash', async () => {
  const on = openStore();
  const { threadId, thread } = await finishedThread(on);
  const { head } = await on.store.threads.get({ id: OWNER }, threadId);
  await on.store.upkeep.fold(on.clock.now());
  const after = on.crash();
  const { receipt } = await after.store.runs.accept(send('more', { threadId }));
  expect(receipt.seq).toBe(head);
  expect(counted(await encodedEvents(after, thread))).toEqual([head + 1, head + 2]);
});

test('the floor stops below the first event of a run that waits', async () => {
  const on = openStore();
  const { threadId, thread, held } = await startThread(on);
  const waiting = (await on.store.runs.accept(send('next', { threadId }))).receipt;
  await answer(on, held, ['Hi']);
  await complete(on, held);
  await on.store.upkeep.fold(on.clock.now());
  expect((await on.store.threads.get({ id: OWNER }, threadId)).floor).toBe(waiting.seq);
  expect(counted(await encodedEvents(on, thread))[0]).toBe(waiting.seq + 1);
  const [next] = await on.store.runs.openOfThread(thread);
  const started = await on.store.runs.start(next?.key ?? 0, 'boot_1');
  if (started === undefined) throw new Error('it did not start');
  const transcript = await on.store.runs.transcript(heldBy(started));
  expect(transcript.map((message) => message.text)).toEqual(['hello', 'Hi', 'next']);
});

test('a follower in the folded part is not told of it by memory', async () => {
  const on = openStore();
  const { thread } = await finishedThread(on);
  const reader = on.store.log.follow(thread);
  const { head } = reader;
  await on.store.upkeep.fold(on.clock.now());
  expect([reader.head, reader.freshAfter(0), reader.deleted]).toEqual([head, undefined, false]);
  reader.close();
});

test('the newest id is told before the events are gone, so that a crash does not pass for a restored backup', async () => {
  const on = openStore();
  await finishedThread(on);
  const kept = on.highWater.at(-1) ?? 0;
  await startThread(on);
  await on.store.upkeep.fold(on.clock.now());
  expect(on.highWater.at(-1)).toBe(kept + 2);
});

test('each stored event says the format it is in: deltas hold their text alone', async () => {
  const on = openStore();
  const { thread } = await finishedThread(on);
  const { head = 0 } = (await on.store.log.bounds(thread)) ?? {};
  expect(on.raw.prepare('select v, json from events where v > 1 order by id').raw().all()).toEqual([
    [2, '"Hi "'],
    [2, '"there"'],
  ]);
  expect(on.raw.prepare('select count(*) from events where v = 1 and json like ?').pluck().get('{"seq":%')).toBe(head - 2);
  // What SQL makes of a row, whatever its format, is what readers get.
  const texts = (await encodedEvents(on, thread)).map((event) => event.json);
  expect(on.raw.prepare(`select json from (${STORED_EVENTS}) order by seq`).pluck().all()).toEqual(texts);
});
