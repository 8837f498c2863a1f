import { expect, test } from 'vitest';
import {
  allMessages,
  answer,
  command,
  complete,
  finishedThread,
  heldBy,
  OWNER,
  openStore,
  STEP,
  send,
  startThread,
  type TestStore,
} from './storeForTest.ts';

const fork = (on: TestStore, threadId: string, atSeq?: number, key?: string) =>
  on.store.threads.fork({
    command: command('threads.fork', { atSeq }, key === undefined ? {} : { key }),
    threadId,
    atSeq,
    title: undefined,
  });

const texts = async (on: TestStore, threadId: string): Promise<string[]> =>
  (await allMessages(on, threadId)).map((message) => message.text);

/**
 * Two questions behind one another: the second was asked while the first was being answered, and the third while the second was. What is
 * folded then ends in the middle of the second run.
 */
async function interleaved(on: TestStore) {
  const { threadId, thread, held } = await startThread(on, 'one');
  await on.store.runs.accept(send('two', { threadId }));
  await on.store.runs.accept(send('three', { threadId }));
  await answer(on, held, ['first']);
  await complete(on, held);
  const [second, third] = await on.store.runs.openOfThread(thread);
  const started = await on.store.runs.start(second?.key ?? 0, 'boot_1');
  if (started === undefined || third === undefined) throw new Error('nothing is queued');
  await answer(on, heldBy(started), ['sec', 'ond']);
  await complete(on, heldBy(started));
  return { threadId, thread, third };
}

test('in mid-stream, a fork has the text that a reader had', async () => {
  const on = openStore();
  const { threadId, held } = await startThread(on);
  const { message } = await on.store.runs.startStep({ run: held, ...STEP });
  const writer = on.store.runs.writeMessage(held, message);
  for (const piece of ['one ', 'two ', 'three']) {
    writer.text(piece);
    await writer.committed();
  }
  const forked = await fork(on, threadId, 5);
  expect(await allMessages(on, forked.id)).toMatchObject([
    { role: 'user', text: 'hello' },
    { role: 'assistant', text: 'one two ', status: 'complete', finish: 'incomplete' },
  ]);
  writer.close();
  await complete(on, held);
  // The same position gives the same text when more has come.
  expect(await texts(on, (await fork(on, threadId, 5)).id)).toEqual(['hello', 'one two ']);
  expect(await texts(on, (await fork(on, threadId)).id)).toEqual(['hello', 'one two three']);
});

test('text that was withdrawn later is in a fork from before', async () => {
  const on = openStore();
  const { threadId, held } = await startThread(on);
  const { message } = await on.store.runs.startStep({ run: held, ...STEP });
  const writer = on.store.runs.writeMessage(held, message);
  writer.text('withdrawn');
  await writer.committed();
  writer.close();
  await on.store.runs.discardMessage(held, message, 'retried');
  expect(await texts(on, (await fork(on, threadId, 4)).id)).toEqual(['hello', 'withdrawn']);
  expect(await texts(on, (await fork(on, threadId, 5)).id)).toEqual(['hello']);
});

test('beyond the head is CURSOR_AHEAD, and at 0 is an empty thread', async () => {
  const on = openStore();
  const { threadId } = await finishedThread(on);
  const { head } = await on.store.threads.get({ id: OWNER }, threadId);
  await expect(fork(on, threadId, head + 1)).rejects.toMatchObject({ code: 'CURSOR_AHEAD', details: { head } });
  expect(await fork(on, threadId, 0)).toMatchObject({ head: 0, floor: 0 });
});

test('below the floor, a fork has the messages as they are folded', async () => {
  const on = openStore();
  const { threadId, held } = await startThread(on, 'one');
  await answer(on, held, ['a', 'b']);
  await complete(on, held);
  const { head } = await on.store.threads.get({ id: OWNER }, threadId);
  const { started } = await on.store.runs.accept(send('two', { threadId }));
  if (started !== undefined) await complete(on, heldBy(started));
  await on.store.upkeep.fold(on.clock.now());
  expect(await texts(on, (await fork(on, threadId, head)).id)).toEqual(['one', 'ab']);
  expect(await texts(on, (await fork(on, threadId, 2)).id)).toEqual(['one']);
  expect(await texts(on, (await fork(on, threadId)).id)).toEqual(['one', 'ab', 'two']);
});

test('a thread folded in the middle of interleaved runs is forked whole, without a doubled text', async () => {
  const on = openStore();
  const { threadId, thread, third } = await interleaved(on);
  const { head } = await on.store.threads.get({ id: OWNER }, threadId);
  const whole = await texts(on, (await fork(on, threadId)).id);
  expect(whole).toEqual(['one', 'first', 'two', 'second']);
  await on.store.upkeep.fold(on.clock.now());
  const { floor } = await on.store.threads.get({ id: OWNER }, threadId);
  expect(floor).toBe(third.firstSeq - 1);
  expect(floor).toBeGreaterThan(0);
  for (let atSeq = floor; atSeq <= head; atSeq++) {
    const found = await texts(on, (await fork(on, threadId, atSeq)).id);
    expect(found.every((text, index) => whole[index]?.startsWith(text))).toBe(true);
  }
  expect(await texts(on, (await fork(on, threadId)).id)).toEqual(whole);
  expect((await on.store.log.bounds(thread))?.head).toBe(head);
});

test('no run comes along: a call that was at work is unknown for good, and the fork is idle', async () => {
  const on = openStore();
  const { threadId, held } = await startThread(on);
  const { message } = await on.store.runs.startStep({ run: held, ...STEP });
  const calls = [{ callId: 'call_1', tool: 'look', input: { n: 1 } }];
  await on.store.runs.finishModelCall({ run: held, message, text: '', reasoning: '', finish: 'tool_calls', usage: undefined, calls });
  const forked = await fork(on, threadId);
  expect(forked.activeRunId).toBeUndefined();
  expect((await allMessages(on, forked.id)).at(-1)).toMatchObject({
    toolCalls: [{ tool: 'look', input: { n: 1 }, status: 'failed', error: { code: 'OUTCOME_UNKNOWN' } }],
  });
  const { receipt } = await on.store.runs.accept(send('go on', { threadId: forked.id }));
  expect(receipt.disposition).toBe('started');
});

test('a fork has a life of its own', async () => {
  const on = openStore();
  const { threadId } = await finishedThread(on);
  const before = await allMessages(on, threadId);
  const forked = await fork(on, threadId);
  await on.store.runs.accept(send('only there', { threadId: forked.id }));
  expect(await allMessages(on, threadId)).toEqual(before);
  await on.store.threads.delete(command('threads.delete'), threadId);
  expect(await texts(on, forked.id)).toEqual(['hello', 'Hi there', 'only there']);
});

test('the same key forks once', async () => {
  const on = openStore();
  const { threadId } = await finishedThread(on);
  expect(await fork(on, threadId, 3, 'k')).toEqual(await fork(on, threadId, 3, 'k'));
  await expect(fork(on, threadId, 4, 'k')).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});
