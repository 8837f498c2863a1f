import { expect, test } from 'vitest';
import { type ErrorCode, emptyThread, type ThreadState, type UserMessage, VerbatimError } from '../../src/client/index.ts';
import { Outbox, type Sent } from '../../src/react/outbox.ts';
import { deferred } from '../client/clientOf.ts';

const own = (id: string): UserMessage => ({ id, role: 'user', text: 'Hi', status: 'queued', at: 1 });
const thread = (seq: number, ...ids: string[]): ThreadState => ({ ...emptyThread, seq, messages: ids.map(own) });
const sent = (messageId: string, seq: number) => ({ messageId, receipt: { seq } });
const shown = ({ list }: Outbox<Sent>): string[] => list.filter(({ seenAs }) => seenAs === undefined).map(({ key }) => key);
const never: ReadonlySet<string> = new Set();

test('a message is let go of once the thread is past it, however many came after it', async () => {
  const outbox = new Outbox(() => {});
  await outbox.send(own('key'), never, async () => sent('message_1', 4));
  outbox.settle(thread(4));
  expect(shown(outbox)).toEqual(['key']);
  // It is not among the newest any more.
  outbox.settle(thread(900, 'message_800'));
  expect(outbox.list).toEqual([]);
  expect(outbox.keyOf('message_1')).toBe('key');
});

test('the first new message with its text is taken for it, until the answer says which it is', async () => {
  const outbox = new Outbox(() => {});
  const answer = deferred<ReturnType<typeof sent>>();
  const done = outbox.send(own('key'), new Set(['message_1']), () => answer.promise);
  outbox.settle(thread(5, 'message_1', 'message_2'));
  expect(shown(outbox)).toEqual([]);
  expect(outbox.keyOf('message_1')).toBe('message_1');
  expect(outbox.keyOf('message_2')).toBe('key');
  // It was another tab's.
  answer.resolve(sent('message_3', 6));
  await done;
  expect(shown(outbox)).toEqual(['key']);
  expect([outbox.keyOf('message_2'), outbox.keyOf('message_3')]).toEqual(['message_2', 'key']);
  outbox.settle(thread(7, 'message_1', 'message_2', 'message_3'));
  expect(outbox.list).toEqual([]);
});

test.each<[ErrorCode, before: string[], after: string[]]>([
  // Whether the server has it is not known: it is, when it is seen.
  ['CONNECTION_LOST', [], []],
  ['TIMEOUT', [], []],
  // The server has refused it: what is the same is another's.
  ['THREAD_BUSY', ['key'], ['key']],
])('a message whose sending ended with %s, and the same in the thread before and after that', async (code, before, after) => {
  const refuse = async () => {
    throw new VerbatimError(code, '');
  };
  const early = new Outbox(() => {});
  const gate = deferred();
  const done = early.send(own('key'), never, () => gate.promise.then(refuse)).catch(() => {});
  early.settle(thread(1, 'message_1'));
  gate.resolve();
  await done;
  expect(shown(early)).toEqual(before);

  const late = new Outbox(() => {});
  await late.send(own('key'), never, refuse).catch(() => {});
  late.settle(thread(1, 'message_1'));
  expect(shown(late)).toEqual(after);
});
