import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, test } from 'vitest';
import { mcpServer } from '../../../src/mcp/index.ts';
import { createManualClock, createTestServer } from '../../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { openRaw } from '../../support/rawSocket.ts';
import { pourAgent, startServer } from '../startServer.ts';
import { as, boundedServer, principalOf, send, sendUntilRefused } from './boundedServer.ts';

checkLeaksAfterwards();

describe('messages', () => {
  test('a user sends 10 a minute, and then has to wait for the rest of it', async () => {
    const clock = createManualClock();
    const { port } = await boundedServer({ clock });
    const ann = await as(port, 'ann');
    await send(ann);
    await clock.advance(20_000);
    const { sent, refusal } = await sendUntilRefused(ann);
    expect(sent).toBe(9);
    expect(refusal).toMatchObject({
      reason: 'RATE_LIMITED',
      httpStatus: 429,
      retryable: true,
      details: { limit: 'messagesPerMinute', max: 10, windowMs: 60_000, retryAfterMs: 40_000 },
    });
    await clock.advance(39_999);
    expect((await sendUntilRefused(ann)).sent).toBe(0);
    await clock.advance(1);
    expect((await sendUntilRefused(ann)).sent).toBe(10);
  });

  test('a user sends 100 an hour', async () => {
    const clock = createManualClock();
    const { port } = await boundedServer({ clock, limits: { messagesPerMinute: 1_000 } });
    const ann = await as(port, 'ann');
    expect(await sendUntilRefused(ann, 101)).toMatchObject({
      sent: 100,
      refusal: { details: { limit: 'messagesPerHour', max: 100, windowMs: 3_600_000, retryAfterMs: 3_600_000 } },
    });
  });

  test('premium sends 60 a minute, by its role; other tiers as they are described', async () => {
    const { port } = await boundedServer({ tiers: { trial: { messagesPerMinute: 2 } }, clock: createManualClock() });
    expect((await sendUntilRefused(await as(port, 'pia/premium'))).sent).toBe(60);
    expect((await sendUntilRefused(await as(port, 'tom/trial'))).sent).toBe(2);
    expect((await sendUntilRefused(await as(port, 'uma/unheard'))).sent).toBe(10);
  });

  test('one principal that has to wait is no other', async () => {
    const { port } = await boundedServer({ limits: { messagesPerMinute: 1 } });
    await sendUntilRefused(await as(port, 'ann'));
    await send(await as(port, 'bob'));
    await send(await as(port, 'ann@acme'));
  });

  test.each([
    ['messagesPerMinutePerTenant', 60_000],
    ['messagesPerHourPerTenant', 3_600_000],
  ] as const)('the principals of a tenant share its %s', async (limit, windowMs) => {
    const { port } = await boundedServer({ limits: { [limit]: 3 }, clock: createManualClock() });
    await send(await as(port, 'ann@acme'));
    expect(await sendUntilRefused(await as(port, 'bob@acme'))).toMatchObject({
      sent: 2,
      refusal: { reason: 'RATE_LIMITED', details: { limit, max: 3, windowMs, retryAfterMs: windowMs } },
    });
    expect((await sendUntilRefused(await as(port, 'cat@other'))).sent).toBe(3);
  });

  test('one that is sent again with its key counts once, and is answered however much was sent', async () => {
    const { port } = await boundedServer({ limits: { messagesPerMinute: 2 } });
    const ann = await as(port, 'ann');
    const first = await send(ann, { idempotencyKey: 'k1' });
    for (let count = 0; count < 5; count++) expect(await send(ann, { idempotencyKey: 'k1' })).toEqual(first);
    expect((await sendUntilRefused(ann)).sent).toBe(1);
    expect(await send(ann, { idempotencyKey: 'k1' })).toEqual(first);
  });

  test('what is refused counts for nothing, and leaves nothing', async () => {
    const { port, release } = await boundedServer({ limits: { messagesPerMinute: 2 } });
    const ann = await as(port, 'ann');
    const { threadId } = await send(ann, { text: 'hold' });
    for (let count = 0; count < 5; count++) {
      expect((await ann.error('mutation', 'messages.send', { agent: 'pour', text: '1 1', threadId, whenBusy: 'reject' })).data.reason).toBe(
        'THREAD_BUSY',
      );
      expect((await ann.error('mutation', 'messages.send', { agent: 'nobody', text: 'x' })).data.reason).toBe('NOT_FOUND');
    }
    await send(ann);
    const before = await ann.call('query', 'threads.list');
    for (let count = 0; count < 3; count++) {
      expect((await ann.error('mutation', 'messages.send', { agent: 'pour', text: 'x' })).data.reason).toBe('RATE_LIMITED');
    }
    expect(await ann.call('query', 'threads.list')).toEqual(before);
    release();
  });

  test('sends, edits, retries, HTTP and MCP count alike, and each is refused', async () => {
    const { port, url } = await boundedServer({ limits: { messagesPerMinute: 5 }, mcp: mcpServer() });
    const ann = await as(port, 'ann');
    const headers = { authorization: 'Bearer ann', 'content-type': 'application/json' };
    const overHttp = (path: string, json: object) =>
      fetch(`${url}/trpc/${path}`, { method: 'POST', headers, body: JSON.stringify({ json }) });
    const mcp = new Client({ name: 'test', version: '1' });
    await mcp.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers: { authorization: 'Bearer ann' } } }) as Transport,
    );
    afterTest(() => mcp.close());
    const overMcp = () => mcp.callTool({ name: 'pour', arguments: { text: '1 1' } });

    const { runId, messageId } = await send(ann);
    await ann.call('query', 'runs.wait', { runId });
    await ann.call('mutation', 'messages.edit', { messageId, text: '1 1' });
    const retried: { runId: string } = await ann.call('mutation', 'runs.retry', { runId });
    await ann.call('query', 'runs.wait', { runId: retried.runId });
    expect((await overHttp('messages.send', { agent: 'pour', text: '1 1' })).status).toBe(200);
    expect(await overMcp()).not.toHaveProperty('isError');

    const threads = await ann.call('query', 'threads.list');
    const limited = { details: { limit: 'messagesPerMinute' }, reason: 'RATE_LIMITED' };
    expect((await ann.error('mutation', 'messages.send', { agent: 'pour', text: '1 1' })).data).toMatchObject(limited);
    expect((await ann.error('mutation', 'messages.edit', { messageId, text: '1 1' })).data).toMatchObject(limited);
    expect((await ann.error('mutation', 'runs.retry', { runId: retried.runId })).data).toMatchObject(limited);
    expect((await ann.error('mutation', 'messages.retry', { messageId })).data).toMatchObject(limited);
    expect((await overHttp('messages.send', { agent: 'pour', text: '1 1' })).status).toBe(429);
    expect(await overMcp()).toMatchObject({
      isError: true,
      _meta: { error: { code: 'RATE_LIMITED', retryable: true, details: { limit: 'messagesPerMinute' } } },
    });
    // An edit makes a fork before it sends: of one that is refused there is none.
    expect(await ann.call('query', 'threads.list')).toEqual(threads);
  });

  test('an administrator is limited too, unless there is a tier for it', async () => {
    const { port } = await boundedServer({
      authenticate: ({ token = '' }) => ({ id: token, roles: ['admin'], ...(token === 'root' && { tier: 'staff' }) }),
      tiers: { staff: { messagesPerMinute: Number.POSITIVE_INFINITY } },
    });
    expect((await sendUntilRefused(await as(port, 'ada'))).sent).toBe(10);
    expect((await sendUntilRefused(await as(port, 'root'), 30)).sent).toBe(30);
  });

  test('the local principal of a server without authentication sends as much as it likes', async () => {
    const { agent } = pourAgent();
    const { createServer } = await import('../../../src/server/createServer.ts');
    const server = await createServer({ agents: { pour: agent } });
    afterTest(() => server.close({ drainMs: 0 }));
    const { port } = await server.listen({ port: 0 });
    expect((await sendUntilRefused(await openRaw({ port }), 130)).sent).toBe(130);
  });

  test('what was sent is known after a crash', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verbatim-limits-'));
    afterTest(() => rmSync(folder, { recursive: true }));
    await using server = await createTestServer({
      agents: { pour: pourAgent().agent },
      database: join(folder, 'limits.db'),
      authenticate: ({ token }) => principalOf(token),
      limits: { messagesPerHour: 3 },
    });
    expect((await sendUntilRefused(await as(server.port, 'ann'))).sent).toBe(3);
    await server.crash();
    expect((await sendUntilRefused(await as(server.port, 'ann'))).sent).toBe(0);
  });

  test('a clock that is set back does not make anybody wait for longer than a window', async () => {
    const clock = createManualClock();
    const { port } = await boundedServer({ clock });
    const ann = await as(port, 'ann');
    await sendUntilRefused(ann);
    clock.set(clock.now() - 24 * 60 * 60_000);
    expect((await sendUntilRefused(ann)).sent).toBe(10);
  });
});

test('createTestServer bounds no caller, unless it is told to', async () => {
  await using server = await createTestServer({ agents: { pour: pourAgent().agent } });
  expect((await sendUntilRefused(await openRaw({ port: server.port }), 30)).sent).toBe(30);
  await server.restart({ limits: { messagesPerMinute: 4 } });
  expect((await sendUntilRefused(await openRaw({ port: server.port }), 30)).sent).toBe(4);
});

describe('threads', () => {
  test('a principal has maxThreadsPerPrincipal, however they are made, and one that is deleted makes room', async () => {
    const { port } = await startServer({ authenticate: ({ token }) => principalOf(token), limits: { maxThreadsPerPrincipal: 3 } });
    const ann = await as(port, 'ann');
    const { threadId, messageId, runId } = await send(ann);
    await ann.call('query', 'runs.wait', { runId });
    await ann.call('mutation', 'threads.create', {});
    await ann.call('mutation', 'threads.fork', { threadId });
    for (const [path, input] of [
      ['threads.create', {}],
      ['threads.fork', { threadId }],
      ['messages.send', { agent: 'pour', text: '1 1' }],
      ['messages.edit', { messageId, text: '1 1' }],
    ] as const) {
      expect([path, (await ann.error('mutation', path, input)).data]).toMatchObject([
        path,
        { reason: 'QUOTA_EXCEEDED', httpStatus: 429, retryable: false, details: { limit: 'maxThreadsPerPrincipal', max: 3 } },
      ]);
    }
    await send(ann, { threadId });
    await send(await as(port, 'bob'));
    await ann.call('mutation', 'threads.delete', { threadId });
    await send(ann);
  });
});

test('a tier says how many runs of a principal are at work', async () => {
  const { port, server, release } = await boundedServer({
    limits: { maxRunsPerPrincipal: 1 },
    tiers: { premium: { maxRunsPerPrincipal: 2 } },
  });
  const pia = await as(port, 'pia/premium');
  const dispositions: string[] = [];
  for (let count = 0; count < 3; count++) {
    const { disposition }: { disposition: string } = await pia.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
    dispositions.push(disposition);
  }
  expect(dispositions).toEqual(['started', 'started', 'queued']);
  expect(server.stats.activeRuns).toBe(2);
  release();
});

test('over HTTP a refusal says by its headers which limit it is, and when to come back', async () => {
  const clock = createManualClock();
  const { url } = await boundedServer({
    clock,
    limits: { messagesPerMinute: 1, maxThreadsPerPrincipal: 1 },
    origins: ['https://app.example.com'],
  });
  const ask = (path: string, json: object) =>
    fetch(`${url}/trpc/${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer ann', 'content-type': 'application/json', origin: 'https://app.example.com' },
      body: JSON.stringify({ json }),
    });
  const message = { agent: 'pour', text: '1 1' };
  expect(Object.fromEntries((await ask('messages.send', message)).headers)).not.toHaveProperty('ratelimit');
  await clock.advance(22_500);
  const refused = await ask('messages.send', message);
  expect(refused.status).toBe(429);
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    'retry-after': '38',
    ratelimit: '"messagesPerMinute";r=0;t=38',
    'ratelimit-policy': '"messagesPerMinute";q=1;w=60',
    'access-control-expose-headers': expect.stringContaining('retry-after'),
  });
  const full = await ask('threads.create', {});
  expect(full.status).toBe(429);
  expect(full.headers.get('ratelimit-policy')).toBe('"maxThreadsPerPrincipal";q=1');
  expect(full.headers.has('retry-after')).toBe(false);
});
