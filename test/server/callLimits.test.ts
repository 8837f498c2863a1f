import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { mcpServer } from '../../src/mcp/index.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw, type RawSocket } from '../support/rawSocket.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

interface Receipt {
  readonly threadId: string;
  readonly runId: string;
}

test('a socket has 100 watches; the next is refused, and one that stops makes room', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
  const ids = Array.from({ length: 100 }, () => socket.watch('threads.watch', { threadId }));
  const refused = await socket.error('subscription', 'threads.watch', { threadId });
  expect(refused.data).toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    reason: 'TOO_MANY_SUBSCRIPTIONS',
    details: { limit: 'maxSubscriptionsPerSocket', max: 100 },
  });
  const other = await openRaw({ port });
  const elsewhere = other.watch('threads.watch', { threadId });
  await vi.waitFor(() => expect(other.frames.some((frame) => frame.id === elsewhere && frame.result?.type === 'started')).toBe(true));
  socket.send({ id: ids[0], method: 'subscription.stop' });
  await socket.answer(ids[0] ?? 0);
  const again = socket.watch('threads.watch', { threadId });
  await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
  await socket.until(again, 'run.completed');
  await socket.until(ids[99] ?? 0, 'run.completed');
});

/** What the socket asks next is answered only after `release`, while others of the server are answered. */
async function expectUnreadUntil(release: () => void, { socket, port }: { readonly socket: RawSocket; readonly port: number }) {
  const next = socket.request('query', 'agents.list');
  const other = await openRaw({ port });
  for (let round = 0; round < 20; round++) await other.call('query', 'agents.list');
  expect(socket.frames.some((frame) => frame.id === next)).toBe(false);
  release();
  expect((await socket.answer(next)).result?.type).toBe('data');
}

test('while as many calls as allowed are being answered, a socket is not read', async () => {
  const { port, release, server } = await startServer({ limits: { maxCallsPerSocket: 3 } });
  const socket = await openRaw({ port });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  for (let count = 0; count < 3; count++) socket.request('query', 'runs.wait', { runId });
  await vi.waitFor(() => expect(server.stats.listeners).toBe(3));
  await expectUnreadUntil(release, { socket, port });
});

test('while calls that came in maxCallBytesPerSocket are being answered, a socket is not read', async () => {
  const { port, release, server } = await startServer({ limits: { maxCallBytesPerSocket: 20_000 } });
  const socket = await openRaw({ port });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  const input = { runId, later: 'x'.repeat(10_000 - JSON.stringify(frameOf(1_000, { runId, later: '' })).length) };
  socket.send(frameOf(1_000, input));
  await socket.call('query', 'agents.list');
  socket.send(frameOf(1_001, input));
  await vi.waitFor(() => expect(server.stats.listeners).toBe(2));
  await expectUnreadUntil(release, { socket, port });
});

const frameOf = (id: number, json: object) => ({ id, method: 'query', params: { path: 'runs.wait', input: { json } } });

test('what a call that waits and a watch were sent beside their input is not kept, nor a long id', async () => {
  const { port, server } = await startServer({ limits: { maxCallBytesPerSocket: Number.POSITIVE_INFINITY } });
  const socket = await openRaw({ port });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  const pad = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, [index]]));
  setFlagsFromString('--expose-gc');
  const heapMb = (): number => {
    runInNewContext('gc')();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const before = heapMb();
  for (let count = 0; count < 100; count++) socket.request('query', 'runs.wait', { runId, pad }, { lastEventId: '1' });
  for (let count = 0; count < 50; count++) socket.watch('runs.watch', { runId, pad, lastEventId: 0 }, { lastEventId: '1' });
  await vi.waitFor(() => expect(server.stats.listeners).toBeGreaterThanOrEqual(150), { timeout: 10_000 });
  // Kept, they would be 60 MB.
  expect(heapMb() - before).toBeLessThan(20);
  socket.request('query', 'agents.list', {}, { id: 'x'.repeat(101) });
  expect((await socket.answer(null)).error?.json.data.reason).toBe('BAD_INPUT');
  expect((await socket.answer(socket.request('query', 'agents.list', {}, { id: 'x'.repeat(100) }))).result?.type).toBe('data');
});

test('a principal has maxWaitsPerPrincipal calls that wait for runs, over all of its connections, and one that ends makes room', async () => {
  const started = await startServer({ authenticate: byToken, limits: { maxWaitsPerPrincipal: 3 }, mcp: mcpServer() });
  const { port, url, server } = started;
  const as = (token: string) => openRaw({ port, params: { token } });
  const ann = await as('ann');
  const { runId }: Receipt = await ann.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  const first = ann.request('query', 'runs.wait', { runId, timeoutMs: 60_000 });
  const input = encodeURIComponent(JSON.stringify({ 0: { json: { runId } }, 1: { json: { runId } }, 2: { json: { runId } } }));
  const headers = { authorization: 'Bearer ann', 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const batched = fetch(`${url}/trpc/runs.wait,runs.wait,runs.wait?batch=1&input=${input}`, { headers });
  await vi.waitFor(() => expect(server.stats.listeners).toBe(3));
  const refusal = { reason: 'RATE_LIMITED', details: { limit: 'maxWaitsPerPrincipal', max: 3 } };
  expect((await (await as('ann')).error('query', 'runs.wait', { runId })).data).toMatchObject(refusal);
  const rpc = (body: object, more = {}) =>
    fetch(`${url}/mcp`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify({ jsonrpc: '2.0', ...body }) });
  const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const session = await rpc({ id: 1, method: 'initialize', params });
  await session.text();
  const call = await rpc(
    { id: 2, method: 'tools/call', params: { name: 'pour', arguments: { text: 'hold' } } },
    { 'mcp-session-id': session.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': '2025-03-26' },
  );
  expect(await call.text()).toContain('"limit":"maxWaitsPerPrincipal"');
  // What others wait for is not counted with it.
  const ben = await as('ben');
  const other: Receipt = await ben.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  ben.request('query', 'runs.wait', { runId: other.runId });
  await vi.waitFor(() => expect(server.stats.listeners).toBe(4));
  started.release();
  await ann.answer(first);
  const answers: readonly object[] = JSON.parse(await (await batched).text());
  expect(answers.filter((answer) => 'error' in answer)).toHaveLength(1);
  expect(await ann.call('query', 'runs.wait', { runId })).toMatchObject({ status: 'completed' });
});

test('calls that wait cost one look at their run for each of its commits, however many they are', async () => {
  const asked = { count: 0 };
  const policy: Policy = (question, standard) => {
    asked.count++;
    return standard(question);
  };
  const { port, server } = await startServer({ policy });
  const socket = await openRaw({ port });
  const { runId, threadId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  for (let count = 0; count < 50; count++) socket.request('query', 'runs.wait', { runId });
  await vi.waitFor(() => expect(server.stats.listeners).toBe(50));
  await socket.call('query', 'agents.list');
  asked.count = 0;
  for (let round = 0; round < 5; round++) await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
  expect(asked.count).toBeLessThan(50);
});

test('a page has at most 1,000 rows, and 50 when nothing is said', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const messages = Array.from({ length: 1_000 }, (_, index) => ({ role: 'user', text: String(index) }));
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', { messages });
  const page = (limit?: number): Promise<{ items: unknown[]; nextPageToken?: string }> =>
    socket.call('query', 'threads.messages', { threadId, ...(limit !== undefined && { limit }) });
  expect((await page(1_000)).items).toHaveLength(1_000);
  expect((await page()).items).toHaveLength(50);
  for (const limit of [1_001, 0, -1, 1.5]) {
    for (const path of ['threads.messages', 'threads.list', 'runs.list']) {
      expect((await socket.error('query', path, { threadId, limit })).data.reason).toBe('BAD_INPUT');
    }
  }
});

test('a page of long messages has as many as its bytes hold, and the pages after it the others', async () => {
  const { port } = await startServer({ limits: { maxPageBytes: 20_000 } });
  const socket = await openRaw({ port });
  const messages = Array.from({ length: 12 }, (_, index) => ({ role: 'user', text: `${index} ${'é'.repeat(2_000)}` }));
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', { messages });
  const pages: string[][] = [];
  let pageToken: string | undefined;
  do {
    const page: { items: { text: string }[]; nextPageToken?: string } = await socket.call('query', 'threads.messages', {
      threadId,
      limit: 1_000,
      ...(pageToken !== undefined && { pageToken }),
    });
    pages.push(page.items.map(({ text }) => text.split(' ')[0] ?? ''));
    ({ nextPageToken: pageToken } = page);
  } while (pageToken !== undefined);
  // Of 4,002 or 4,003 bytes each, four fit.
  expect(pages).toEqual([
    ['8', '9', '10', '11'],
    ['4', '5', '6', '7'],
    ['0', '1', '2', '3'],
  ]);
  const watch = socket.watch('threads.watch', { threadId, snapshot: true });
  const [snapshot] = await socket.until(watch, 'thread.snapshot');
  expect(snapshot).toMatchObject({ earlier: true, messages: { length: 4 } });
});

test('a page of threads and one of runs have as many as its bytes hold, whatever their metadata', async () => {
  const { port } = await startServer({ limits: { maxPageBytes: 20_000 } });
  const socket = await openRaw({ port });
  const ids: string[] = [];
  for (let index = 0; index < 130; index++) {
    const metadata = index < 8 ? { pad: 'x'.repeat(4_900) } : {};
    const { id }: { id: string } = await socket.call('mutation', 'threads.create', { metadata });
    ids.push(id);
  }
  const pages: string[][] = [];
  let pageToken: string | undefined;
  do {
    const page: { items: { id: string }[]; nextPageToken?: string } = await socket.call('query', 'threads.list', {
      limit: 1_000,
      sort: 'created',
      order: 'asc',
      ...(pageToken !== undefined && { pageToken }),
    });
    pages.push(page.items.map(({ id }) => id));
    ({ nextPageToken: pageToken } = page);
  } while (pageToken !== undefined);
  expect(pages.map((page) => page.length)).toEqual([4, 126]);
  expect(pages.flat()).toEqual(ids);
  const whole: { items: unknown[]; nextPageToken?: string } = await socket.call('query', 'threads.list', { limit: 100, order: 'asc' });
  expect(whole.items.length).toBeLessThan(100);
});

test('a page of runs, of approvals and of steps has as many as its bytes hold, and the pages after it the others', async () => {
  const pay = defineTool({
    name: 'pay',
    description: 'pays',
    input: z.object({ pad: z.string() }),
    output: z.string(),
    needsApproval: (input) => input.pad !== '',
    execute: async () => 'paid',
  });
  const call = (pad: string) => ({ toolCalls: [{ name: 'pay', input: { pad } }], usage: { inputTokens: 1, outputTokens: 1 } });
  const asking = scriptedModel(Array.from({ length: 5 }, () => call('x'.repeat(2_000))));
  const many = scriptedModel([...Array.from({ length: 5 }, () => call('')), { text: 'done' }]);
  const agents = {
    asks: defineAgent({ description: '', model: asking, tools: [pay] }),
    steps: defineAgent({ description: '', model: many, tools: [pay] }),
  };
  const options = { temperature: 0.123456789, maxOutputTokens: 100_000 };
  // Of steps and runs the options count, of approvals what was asked.
  const { port } = await startServer({ agents, limits: { maxPageBytes: 250 } });
  const socket = await openRaw({ port });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'steps', text: 'go', options });
  expect(await socket.call('query', 'runs.wait', { runId })).toMatchObject({ status: 'completed' });
  for (let count = 0; count < 5; count++) await socket.call('mutation', 'messages.send', { agent: 'asks', text: 'go', options });
  await vi.waitFor(async () => expect(await pagesOf(socket, 'approvals.list', { status: 'pending' })).toEqual([1, 1, 1, 1, 1]));
  const steps = await pagesOf(socket, 'runs.steps', { runId });
  expect([steps.length, steps.reduce((sum, size) => sum + size, 0)]).toEqual([expect.any(Number), 6]);
  expect(Math.max(...steps)).toBeLessThan(6);
  const runs = await pagesOf(socket, 'runs.list', {});
  expect(runs.reduce((sum, size) => sum + size, 0)).toBe(6);
  expect(Math.max(...runs)).toBeLessThan(6);
});

/** How many rows each page of a list has, to its end. */
async function pagesOf(socket: RawSocket, path: string, input: object): Promise<readonly number[]> {
  const sizes: number[] = [];
  let pageToken: string | undefined;
  do {
    const page: { items: unknown[]; nextPageToken?: string } = await socket.call('query', path, {
      ...input,
      limit: 100,
      ...(pageToken !== undefined && { pageToken }),
    });
    sizes.push(page.items.length);
    ({ nextPageToken: pageToken } = page);
  } while (pageToken !== undefined);
  return sizes;
}

test('an HTTP batch is answered as far as maxBatchBytes hold, and what does not fit by itself', async () => {
  const { port, url } = await startServer({ limits: { maxBatchBytes: 20_000 } });
  const socket = await openRaw({ port });
  for (let index = 0; index < 2; index++) await socket.call('mutation', 'threads.create', { metadata: { pad: 'x'.repeat(4_000) } });
  const ask = async (calls: number): Promise<(string | undefined)[]> => {
    const paths = Array.from({ length: calls }, () => 'threads.list').join(',');
    const answers = await (await fetch(`${url}/trpc/${paths}?batch=1`)).json();
    return answers.map((answer: { error?: { json: { data: { reason: string } } } }) => answer.error?.json.data.reason);
  };
  // Of about 8,400 bytes each: the third reaches the bound.
  expect(await ask(5)).toEqual([undefined, undefined, undefined, 'FRAME_TOO_BIG', 'FRAME_TOO_BIG']);
  expect(await ask(1)).toEqual([undefined]);
});

test('a message larger than a page still comes, alone', async () => {
  const { port } = await startServer({ limits: { maxPageBytes: 10 } });
  const socket = await openRaw({ port });
  const messages = [
    { role: 'user', text: 'x'.repeat(100) },
    { role: 'user', text: 'y'.repeat(100) },
  ];
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', { messages });
  expect(await socket.call('query', 'threads.messages', { threadId })).toMatchObject({
    items: { length: 1 },
    nextPageToken: expect.any(String),
  });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '5 50' });
  await socket.call('query', 'runs.wait', { runId });
  const watch = socket.watch('threads.watch', { threadId, lastEventId: 2 });
  expect((await socket.until(watch, 'run.completed')).filter((event) => event.type === 'data')).toHaveLength(5);
});

test('an import has at most 1,000 messages and begins with the user', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const messages = (count: number) => Array.from({ length: count }, (_, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', text: 'x' }));
  expect(await socket.call('mutation', 'threads.create', { messages: messages(1_000) })).toMatchObject({ id: expect.any(String) });
  expect((await socket.error('mutation', 'threads.create', { messages: messages(1_001) })).message).toMatch(/messages/);
  expect((await socket.error('mutation', 'threads.create', { messages: messages(2).reverse() })).data.reason).toBe('BAD_INPUT');
});

test('a wait is at most a minute, and ends when its time is up', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  expect((await socket.error('query', 'runs.wait', { runId, timeoutMs: 60_001 })).message).toMatch(/timeoutMs/);
  expect(await socket.call('query', 'runs.wait', { runId, timeoutMs: 20 })).toMatchObject({ status: 'running' });
  const longest = socket.request('query', 'runs.wait', { runId, timeoutMs: 60_000 });
  afterTest(() => socket.ws.terminate());
  expect(socket.frames.some((frame) => frame.id === longest)).toBe(false);
});

test('100 messages wait in a thread; the next is QUEUE_FULL', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { threadId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  for (let count = 0; count < 100; count++) socket.request('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
  const refused = await socket.error('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
  expect(refused.data).toMatchObject({ reason: 'QUEUE_FULL', details: { limit: 'maxQueuedPerThread', max: 100 } });
  expect(socket.frames.filter((frame) => frame.error !== undefined)).toHaveLength(1);
});
