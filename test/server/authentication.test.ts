import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { defineAgent, offline } from '../../src/index.ts';
import { createServer } from '../../src/server/createServer.ts';
import type { Authenticate } from '../../src/server/serverOptions.ts';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { createManualClock } from '../../src/testing/manualClock.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { dialRaw, openRaw } from '../support/rawSocket.ts';
import { byToken, startServer } from './startServer.ts';

const agents = { bot: defineAgent({ description: 'bot', model: offline() }) };

checkLeaksAfterwards();

describe('a WebSocket', () => {
  test.each<[name: string, options: object]>([
    ['by connectionParams', { params: { token: 'ann' } }],
    ['by the Authorization header', { headers: { authorization: 'Bearer ann' } }],
    ['by the header, when both are there', { headers: { authorization: 'Bearer ann' }, params: { token: 'bob' } }],
  ])('says who it is %s', async (_, options) => {
    const { port } = await startServer({ authenticate: async (credentials) => byToken(credentials) });
    const { runId }: { runId: string } = await (await openRaw({ port, params: { token: 'ann' } })).call('mutation', 'messages.send', {
      agent: 'pour',
      text: '1 1',
    });
    expect(await (await openRaw({ port, ...options })).call('query', 'runs.get', { runId })).toMatchObject({ id: runId });
  });

  const nobody: [name: string, authenticate: Authenticate, options: object][] = [
    ['no token', byToken, {}],
    ['an empty token', byToken, { params: { token: '' } }],
    ['null as connectionParams', byToken, { params: null }],
    ['a token in the URL alone', byToken, { path: '/trpc?token=ann&authorization=Bearer%20ann' }],
    ['another scheme', byToken, { headers: { authorization: 'Basic ann' } }],
    ['a token longer than 8 KiB', byToken, { params: { token: 'x'.repeat(8 * 1024 + 1) } }],
    ['a hook that says nobody', () => undefined, { params: { token: 'ann' } }],
    ['a hook that says so later', async () => undefined, { params: { token: 'ann' } }],
    [
      'a hook that throws',
      () => {
        throw new Error('secret /etc/passwd sk-12345678');
      },
      { params: { token: 'ann' } },
    ],
    ['a hook that rejects', () => Promise.reject(new Error('secret /etc/passwd sk-12345678')), { params: { token: 'ann' } }],
    ['a principal without an id', () => ({ id: '' }), { params: { token: 'ann' } }],
  ];
  test.each(nobody)('with %s is accepted and closed with 4401, and none of its calls is answered', async (_, authenticate, options) => {
    const { port } = await startServer({ authenticate });
    const socket = dialRaw({ port, ...options });
    await once(socket.ws, 'open');
    socket.request('query', 'agents.list');
    expect(await socket.closed).toEqual({ code: 4401, reason: 'UNAUTHENTICATED' });
    expect(socket.texts.join()).not.toMatch(/"result"|secret|passwd|sk-/);
  });

  test('that promised a token and does not send it is closed with 4408', async () => {
    const { port } = await startServer({ authenticate: byToken, limits: { authTimeoutMs: 60 } });
    const socket = await openRaw({ port, path: '/trpc?connectionParams=1' });
    expect(await socket.closed).toEqual({ code: 4408, reason: 'AUTH_TIMEOUT' });
  });

  test('whose hook does not answer is closed with 4408, and what it asks is not read meanwhile', async () => {
    const { port } = await startServer({ authenticate: () => new Promise(() => {}), limits: { authTimeoutMs: 2_500 } });
    const proxy = await startFaultProxy({ port });
    afterTest(() => proxy.close());
    const socket = await openRaw({ port: proxy.port, params: { token: 'ann' } });
    const frame = `{"id":1,"method":"query","params":{"path":"agents.list"}}${' '.repeat(200 * 1024)}`;
    for (let count = 0; count < 150; count++) socket.ws.send(frame);
    let read = 0;
    const sampling = setInterval(() => {
      if (socket.ws.readyState === socket.ws.OPEN) read = proxy.counts.bytesUp;
    }, 10);
    afterTest(() => clearInterval(sampling));
    expect((await socket.closed).code).toBe(4408);
    expect(read).toBeGreaterThan(0);
    // Of 30 MB no more was taken than the kernel holds.
    expect(read).toBeLessThan(20_000_000);
  });

  test('that sent its token lives past the time for it', async () => {
    const { port } = await startServer({ authenticate: byToken, limits: { authTimeoutMs: 20 } });
    const socket = await openRaw({ port, params: { token: 'ann' } });
    const { runId }: { runId: string } = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
    await socket.call('query', 'runs.wait', { runId, timeoutMs: 150 });
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  });
});

describe('HTTP', () => {
  test('takes a token by the Authorization header, for calls and for streams', async () => {
    const { url } = await startServer({ authenticate: byToken });
    const headers = { authorization: 'Bearer ann' };
    expect((await fetch(`${url}/trpc/agents.list`, { headers })).status).toBe(200);
    for (const path of ['agents.list', 'threads.watch', 'runs.watch']) {
      for (const [query, refused] of [
        ['', {}],
        ['?token=ann', {}],
        ['?connectionParams={"token":"ann"}', {}],
        ['', { authorization: 'Basic ann' }],
      ] as const) {
        const response = await fetch(`${url}/trpc/${path}${query}`, { headers: refused });
        expect([path, query, response.status]).toEqual([path, query, 401]);
        expect(await response.json()).toMatchObject({});
      }
    }
  });

  test('a hook that throws is 401 and says nothing of why', async () => {
    const { url } = await startServer({ authenticate: () => Promise.reject(new Error('no route to db.internal:5432 with sk-12345678')) });
    for (const path of ['agents.list', 'threads.watch']) {
      const response = await fetch(`${url}/trpc/${path}`, { headers: { authorization: 'Bearer x' } });
      const text = await response.text();
      expect(response.status).toBe(401);
      expect(text).toContain('"reason":"UNAUTHENTICATED"');
      expect(text).not.toMatch(/internal:|sk-|5432/);
    }
  });

  test('health needs no token', async () => {
    const { url } = await startServer({ authenticate: byToken });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
  });
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'example.com'])('without a hook the server refuses to listen on %s', async (host) => {
  const server = await createServer({ agents, clock: createManualClock() });
  afterTest(() => server.close());
  await expect(server.listen({ port: 0, host })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(host) });
});

test('with a hook it listens on all addresses', async () => {
  const server = await createServer({ agents, authenticate: byToken });
  afterTest(() => server.close());
  const { port } = await server.listen({ port: 0, host: '0.0.0.0' });
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.destroy();
});
