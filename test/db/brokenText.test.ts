import { expect, test } from 'vitest';
import { foldEvents } from '../../src/protocol/foldEvent.ts';
import { allMessages, answer, complete, eventsOf, openStore, startThread } from './storeForTest.ts';

test('an answer that ends in half a character says the same in the log and in its row', async () => {
  const on = openStore();
  const { held, thread, threadId } = await startThread(on);
  await answer(on, held, ['cut ', '😀'.slice(0, 1)]);
  await complete(on, held);
  expect(await allMessages(on, threadId)).toEqual(foldEvents(await eventsOf(on, thread)));
  expect((await allMessages(on, threadId)).at(-1)?.text).toBe('cut \ufffd');
});

test('quotes, NUL and line separators are stored as they came', async () => {
  const on = openStore();
  const text = '"\\\u0000\u2028\n</script>';
  const { held, threadId } = await startThread(on, text);
  await answer(on, held, [text]);
  await complete(on, held);
  expect((await allMessages(on, threadId)).map((message) => message.text)).toEqual([text, text]);
});
