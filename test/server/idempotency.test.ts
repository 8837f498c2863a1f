import { expect, test } from 'vitest';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

interface Prepared {
  readonly socket: RawSocket;
  readonly threadId: string;
  readonly runId: string;
  /** Of another thread: it has ended. */
  readonly endedRunId: string;
  readonly endedMessageId: string;
}

/** Every command: an input, and another that differs. */
const COMMANDS: readonly [path: string, input: (p: Prepared) => object, other: (p: Prepared) => object][] = [
  [
    'messages.send',
    ({ threadId }) => ({ threadId, agent: 'pour', text: '1 1', metadata: { a: 1, b: 2 } }),
    ({ threadId }) => ({ threadId, agent: 'pour', text: '1 2' }),
  ],
  ['threads.create', () => ({ title: 'a' }), () => ({ title: 'b' })],
  ['threads.update', ({ threadId }) => ({ threadId, title: 'a' }), ({ threadId }) => ({ threadId, title: 'b' })],
  ['threads.fork', ({ threadId }) => ({ threadId, atSeq: 0 }), ({ threadId }) => ({ threadId, atSeq: 0, title: 'b' })],
  ['threads.delete', ({ threadId }) => ({ threadId }), () => ({ threadId: 'thread_other' })],
  [
    'messages.edit',
    ({ endedMessageId }) => ({ messageId: endedMessageId, text: '1 1' }),
    ({ endedMessageId }) => ({ messageId: endedMessageId, text: '1 2' }),
  ],
  [
    'messages.retry',
    ({ endedMessageId }) => ({ messageId: endedMessageId }),
    ({ endedMessageId }) => ({ messageId: endedMessageId, agent: 'pour' }),
  ],
  ['runs.retry', ({ endedRunId }) => ({ runId: endedRunId }), ({ runId }) => ({ runId })],
  ['memory.delete', () => ({ key: 'a' }), () => ({ key: 'b' })],
  ['memory.clear', () => ({}), ({ threadId }) => ({ threadId })],
  ['runs.cancel', ({ runId }) => ({ runId }), () => ({ runId: 'run_other' })],
];

async function prepare(options: Parameters<typeof startServer>[0] = {}): Promise<Prepared & { port: number }> {
  const { port } = await startServer(options);
  const socket = await openRaw({ port });
  const { threadId, runId }: { threadId: string; runId: string } = await socket.call('mutation', 'messages.send', {
    agent: 'pour',
    text: 'hold',
  });
  const ended: { runId: string; messageId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text: '1 1' });
  await socket.call('query', 'runs.wait', { runId: ended.runId });
  return { socket, threadId, runId, port, endedRunId: ended.runId, endedMessageId: ended.messageId };
}

/** These have a run of their own. */
const ANSWERS = ['messages.edit', 'messages.retry', 'runs.retry'];

test.each(COMMANDS)('%s with a key is done once: asked again, from anywhere, it gives the same receipt', async (path, input) => {
  const prepared = await prepare();
  const { socket, port } = prepared;
  const asked = { ...input(prepared), idempotencyKey: 'k' };
  const first: { runId?: string } = await socket.call('mutation', path, asked);
  if (ANSWERS.includes(path)) await socket.call('query', 'runs.wait', { runId: first.runId });
  const threads = await socket.call('query', 'threads.list');
  expect(await socket.call('mutation', path, asked)).toEqual(first);
  // The order of keys is no content.
  expect(await (await openRaw({ port })).call('mutation', path, Object.fromEntries(Object.entries(asked).reverse()))).toEqual(first);
  expect(await socket.call('query', 'threads.list')).toEqual(threads);
});

test.each(COMMANDS)('%s with a key that was used for something else is IDEMPOTENCY_CONFLICT', async (path, input, other) => {
  const prepared = await prepare();
  const { socket } = prepared;
  await socket.call('mutation', path, { ...input(prepared), idempotencyKey: 'k' });
  const refused = await socket.error('mutation', path, { ...other(prepared), idempotencyKey: 'k' });
  expect(refused.data).toMatchObject({ code: 'CONFLICT', reason: 'IDEMPOTENCY_CONFLICT', httpStatus: 409 });
});

test('a key belongs to one command', async () => {
  const { socket, threadId } = await prepare();
  await socket.call('mutation', 'threads.update', { threadId, idempotencyKey: 'k' });
  expect((await socket.error('mutation', 'threads.fork', { threadId, idempotencyKey: 'k' })).data.reason).toBe('IDEMPOTENCY_CONFLICT');
});

test.each(COMMANDS)('%s asked ten times at once is done once', async (path, input) => {
  const prepared = await prepare();
  const { socket } = prepared;
  const asked = { ...input(prepared), idempotencyKey: 'k' };
  const ids = Array.from({ length: 10 }, () => socket.request('mutation', path, asked));
  const answers = await Promise.all(ids.map((id) => socket.answer(id)));
  const [first] = answers;
  expect(first?.result?.type).toBe('data');
  for (const answer of answers) expect(answer.result).toEqual(first?.result);
  const runs: { items: unknown[] } = await socket.call('query', 'runs.list', {});
  const more = ['messages.send', ...ANSWERS].includes(path) ? 1 : path === 'threads.delete' ? -1 : 0;
  expect(runs.items.length).toBe(2 + more);
});

test('without a key each asking is a command of its own', async () => {
  const { socket } = await prepare();
  const first: { id: string } = await socket.call('mutation', 'threads.create', { title: 'a' });
  const second: { id: string } = await socket.call('mutation', 'threads.create', { title: 'a' });
  expect(second.id).not.toBe(first.id);
});

test('a refusal is not a receipt: the key may be used again', async () => {
  const { socket, threadId, runId } = await prepare({ limits: { cancelGraceMs: 20 } });
  const asked = { threadId, agent: 'pour', text: '1 1', whenBusy: 'reject', idempotencyKey: 'k' };
  expect((await socket.error('mutation', 'messages.send', asked)).data).toMatchObject({ reason: 'THREAD_BUSY', details: { runId } });
  await socket.call('mutation', 'runs.cancel', { runId });
  await socket.call('query', 'runs.wait', { runId });
  expect(await socket.call('mutation', 'messages.send', asked)).toMatchObject({ disposition: 'started' });
});

test('a receipt is kept for its time, and then forgotten', async () => {
  const clock = createManualClock();
  const { socket } = await prepare({ clock, limits: { receiptTtlMs: 60_000 } });
  const asked = { title: 'a', idempotencyKey: 'k' };
  const first: { id: string } = await socket.call('mutation', 'threads.create', asked);
  await clock.advance(59_999);
  expect(await socket.call('mutation', 'threads.create', asked)).toEqual(first);
  await clock.advance(1);
  const second: { id: string } = await socket.call('mutation', 'threads.create', { title: 'b', idempotencyKey: 'k' });
  expect(second.id).not.toBe(first.id);
});

test.each([
  ['an empty key', ''],
  ['a key of 201 characters', 'k'.repeat(201)],
])('%s is BAD_INPUT', async (_, idempotencyKey) => {
  const { socket } = await prepare();
  expect((await socket.error('mutation', 'threads.create', { idempotencyKey })).message).toMatch(/^idempotencyKey: /);
});
