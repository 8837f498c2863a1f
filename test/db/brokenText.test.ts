import { expect, test } from 'vitest';
import { foldEvents } from '../../src/protocol/foldEvent.ts';
import { allMessages, answer, command, complete, eventsOf, OWNER, openStore, startThread } from './storeForTest.ts';

test('an answer that ends in half a character says the same in the log and in its row', async () => {
  const on = openStore();
  const { held, thread, threadId } = await startThread(on);
  await answer(on, held, ['cut ', '😀'.slice(0, 1)]);
  await complete(on, held);
  expect(await allMessages(on, threadId)).toEqual(foldEvents(await eventsOf(on, thread)));
  expect((await allMessages(on, threadId)).at(-1)?.text).toBe('cut \ufffd');
});

test('reasoning that holds half a character says the same in the log and in its row', async () => {
  const on = openStore();
  const { held, thread, threadId } = await startThread(on);
  await answer(on, held, ['fine'], 'half \ud83d of one');
  await complete(on, held);
  expect(await allMessages(on, threadId)).toEqual(foldEvents(await eventsOf(on, thread)));
  expect((await allMessages(on, threadId)).at(-1)).toMatchObject({ reasoning: 'half \ufffd of one' });
});

test('a fork in the middle of a character has a mark where the other half is missing', async () => {
  const on = openStore();
  const { held, threadId } = await startThread(on);
  await answer(on, held, ['cut \ud83d', '\ude00']);
  await complete(on, held);
  const head = (await on.store.threads.get({ id: OWNER }, threadId)).head;
  const texts = [];
  // Before the second half, and with it; then the message and the run are completed.
  for (const atSeq of [head - 3, head - 2]) {
    const fork = await on.store.threads.fork({ command: command('threads.fork', { atSeq }), threadId, atSeq, title: undefined });
    texts.push((await allMessages(on, fork.id)).at(-1)?.text);
  }
  expect(texts).toEqual(['cut \ufffd', 'cut 😀']);
});

test('quotes, NUL and line separators are stored as they came', async () => {
  const on = openStore();
  const text = '"\\\u0000\u2028\n</script>';
  const { held, threadId } = await startThread(on, text);
  await answer(on, held, [text]);
  await complete(on, held);
  expect((await allMessages(on, threadId)).map((message) => message.text)).toEqual([text, text]);
});
