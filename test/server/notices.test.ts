import { expect, test, vi } from 'vitest';
import type { Client, JsonApi } from '../../src/client/index.ts';
import { defineAgent } from '../../src/index.ts';
import type { Notice } from '../../src/protocol/notice.ts';
import { LiveFeed } from '../../src/server/live/liveFeed.ts';
import { MAX_WAITING_NOTICES } from '../../src/server/live/notices.ts';
import { createTestServer, scriptedModel, type TestServer } from '../../src/testing/index.ts';
import { logOf } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const agents = { bot: defineAgent({ description: '', model: scriptedModel([]) }) };

/** Notices that a client got, once the server knows that it listens. */
async function listening(server: TestServer, client: Client<JsonApi>, count: number) {
  const got: Notice[] = [];
  const stop = client.on('notice', (notice) => got.push(notice));
  await vi.waitFor(async () => expect(await server.broadcast({ kind: 'probe' })).toBe(count));
  await vi.waitFor(() => expect(got.length).toBeGreaterThan(0));
  got.length = 0;
  return { got, stop };
}

test.each(['ws', 'sse'] as const)('everybody who listens over %s gets a notice, and no log has it', async (transport) => {
  await using server = await createTestServer({ agents });
  const ann = server.as('ann').client({ transport });
  const thread = await ann.threads.create();
  const { got, stop } = await listening(server, ann, 1);
  const bob = await listening(server, server.as('bob').client({ transport }), 2);
  expect(await server.broadcast({ kind: 'maintenance', text: 'at ten', data: { minutes: 5 } })).toBe(2);
  for (const notices of [got, bob.got]) {
    await vi.waitFor(() => expect(notices.filter(({ kind }) => kind === 'maintenance')).toHaveLength(1));
    expect(notices.at(-1)).toMatchObject({
      kind: 'maintenance',
      text: 'at ten',
      data: { minutes: 5 },
      id: expect.stringMatching(/^notice_/),
    });
  }
  expect(await logOf(ann, thread.id)).toEqual([]);
  stop();
  bob.stop();
  await vi.waitFor(async () => expect(await server.broadcast({ kind: 'nobody' })).toBe(0));
});

test('a notice goes to a role, a principal, a tenant, or the readers of a thread', async () => {
  await using server = await createTestServer({ agents });
  const ann = server.as({ id: 'ann', roles: ['support'] }).client();
  const bob = server.as({ id: 'bob', tenant: 'acme' }).client();
  const thread = await ann.threads.create();
  const heard = { ann: await listening(server, ann, 1), bob: await listening(server, bob, 2) };
  expect(await server.broadcast({ kind: 'a' }, { to: { role: 'support' } })).toBe(1);
  expect(await server.broadcast({ kind: 'b' }, { to: { principal: 'ann' } })).toBe(1);
  // Another tenant's bob.
  expect(await server.broadcast({ kind: 'c' }, { to: { principal: 'bob' } })).toBe(0);
  expect(await server.broadcast({ kind: 'd' }, { to: { principal: { id: 'bob', tenant: 'acme' } } })).toBe(1);
  expect(await server.broadcast({ kind: 'e' }, { to: { tenant: 'acme' } })).toBe(1);
  expect(await server.broadcast({ kind: 'f' }, { to: { thread: thread.id } })).toBe(0);
  const reading = new AbortController();
  const reader = ann.thread(thread.id).watch({ after: 0, signal: reading.signal })[Symbol.asyncIterator]();
  const ended = reader.next();
  await vi.waitFor(async () => expect(await server.broadcast({ kind: 'f' }, { to: { thread: thread.id } })).toBe(1));
  expect(await server.broadcast({ kind: 'g' }, { to: { thread: 'thread_of_nobody' } })).toBe(0);
  await vi.waitFor(() => expect(heard.bob.got.map(({ kind }) => kind).filter((kind) => kind !== 'probe')).toEqual(['d', 'e']));
  await vi.waitFor(() => expect(heard.ann.got.map(({ kind }) => kind).filter((kind) => kind !== 'probe')).toEqual(['a', 'b', 'f']));
  reading.abort();
  await ended;
});

test('listening goes on after the server has restarted', async () => {
  await using server = await createTestServer({ agents });
  const client = server.client();
  const { got } = await listening(server, client, 1);
  await server.restart();
  await vi.waitFor(async () => expect(await server.broadcast({ kind: 'back' })).toBe(1), { timeout: 10_000 });
  await vi.waitFor(() => expect(got.map(({ kind }) => kind)).toContain('back'));
});

test('a reader that does not keep up loses the oldest notices', async () => {
  let full = true;
  let drained = (): void => {};
  const sent: string[] = [];
  const feed = new LiveFeed({ maxWaiting: MAX_WAITING_NOTICES, onEnd: () => {} });
  const sink = {
    get full() {
      return full;
    },
    room: 1,
    send: (_seq: number, bytes: string) => void sent.push(bytes),
    onDrain(listener: () => void) {
      drained = listener;
      return () => {};
    },
  };
  const running = feed.run(sink);
  for (let n = 1; n <= MAX_WAITING_NOTICES + 1; n++) feed.push({ n });
  expect(sent).toEqual([]);
  full = false;
  drained();
  expect(sent).toHaveLength(MAX_WAITING_NOTICES);
  expect(sent[0]).toBe('{"n":2}');
  feed.end();
  await running;
});

test('who reads a thread is told to those who may read it, of those who let it be known', async () => {
  await using server = await createTestServer({ agents });
  const ann = server.as('ann').client();
  const thread = await ann.threads.create();
  const over = new AbortController();
  const seen: string[][] = [];
  const following = ann
    .thread(thread.id)
    .presence((readers) => seen.push(readers.map(({ principalId }) => principalId)), { signal: over.signal });
  await vi.waitFor(() => expect(seen).toEqual([[]]));
  const tab = new AbortController();
  const open = (client: Client<JsonApi>, present: boolean) =>
    client.thread(thread.id).watch({ after: 0, present, signal: tab.signal })[Symbol.asyncIterator]().next();
  const hidden = open(server.as('ann').client(), false);
  const [first, second] = [open(server.as('ann').client(), true), open(server.as('ann').client(), true)];
  await vi.waitFor(() => expect(server.stats.watches).toBe(3));
  // Two tabs are one reader.
  expect(seen).toEqual([[], ['ann']]);
  tab.abort();
  await Promise.all([hidden, first, second]);
  await vi.waitFor(() => expect(seen).toEqual([[], ['ann'], []]));
  over.abort();
  await following;
  await expect(
    server
      .as('eve')
      .client()
      .thread(thread.id)
      .presence(() => {}, { signal: AbortSignal.timeout(5_000) }),
  ).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('presence and notices count as watches of their socket', async () => {
  await using server = await createTestServer({ agents, limits: { maxSubscriptionsPerSocket: 1 } });
  const client = server.client();
  const thread = await client.threads.create();
  const { stop } = await listening(server, client, 1);
  await expect(client.thread(thread.id).presence(() => {}, { signal: AbortSignal.timeout(5_000) })).rejects.toMatchObject({
    code: 'TOO_MANY_SUBSCRIPTIONS',
  });
  stop();
});
