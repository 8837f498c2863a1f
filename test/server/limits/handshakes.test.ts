import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import superjson from 'superjson';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { ContractRouter, JsonApi } from '../../../src/client/index.ts';
import { Handshakes } from '../../../src/server/limits/handshakes.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { dialRaw } from '../../support/rawSocket.ts';
import { as, boundedServer, send } from './boundedServer.ts';

checkLeaksAfterwards();

/** The status of an upgrade, and its headers when it was refused. */
function knock(port: number, address: string, token = 'wrong') {
  const { ws } = dialRaw({ port, headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address } });
  return new Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>> }>((resolve) => {
    ws.on('open', () => resolve({ status: 101, headers: {} }));
    ws.on('unexpected-response', (_request, response) => {
      response.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
  });
}

describe('handshakes', () => {
  test('of one address are 200 a minute; then 429 says when, and others are not kept out', async () => {
    const { port } = await boundedServer();
    for (let count = 0; count < 200; count += 20) {
      const all = await Promise.all(Array.from({ length: 20 }, () => knock(port, '203.0.113.6')));
      expect(all.every(({ status }) => status === 101)).toBe(true);
    }
    const { status, headers } = await knock(port, '203.0.113.6', 'ann');
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'ratelimit-policy': '"handshakesPerMinute";q=200;w=60' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(headers.ratelimit).toBe(`"handshakesPerMinute";r=0;t=${headers['retry-after']}`);
    await send(await as(port, 'ann', '203.0.113.7'));
  });

  test('an address of IPv6 is as good as any other of its /64', async () => {
    const { port } = await boundedServer({ limits: { handshakesPerMinute: 2 } });
    const statuses = [];
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::3'])
      statuses.push((await knock(port, address)).status);
    expect(statuses).toEqual([101, 101, 429, 101]);
  });

  test('a plain client that comes back for ever with a wrong token is slowed, and its server serves on', async () => {
    const { port } = await boundedServer({ limits: { handshakesPerMinute: 20 }, trustedProxies: 0 });
    const ann = await as(port, 'ann');
    let closed = 0;
    let failed = 0;
    class Counted extends WebSocket {
      constructor(url: string) {
        super(url);
        this.on('close', (code) => (code === 4401 ? closed++ : failed++));
        this.on('error', () => {});
      }
    }
    const ws = createWSClient({
      url: `ws://127.0.0.1:${port}/trpc`,
      WebSocket: Counted as unknown as typeof globalThis.WebSocket,
      connectionParams: { token: 'wrong' },
      retryDelayMs: () => 1,
    });
    afterTest(() => ws.close());
    const trpc = createTRPCClient<ContractRouter<JsonApi>>({ links: [wsLink({ client: ws, transformer: superjson })] });
    trpc.agents.list.query().catch(() => {});
    await vi.waitFor(() => expect(failed).toBeGreaterThan(20), { timeout: 20_000 });
    // One of the twenty was another's.
    expect(closed).toBe(19);
    await send(ann);
  });

  test('a token that is not good counts over HTTP too; one that is, and none at all, are not kept out', async () => {
    const { url } = await boundedServer({ limits: { handshakesPerMinute: 4 } });
    const ask = async (path: string, token?: string) => {
      const headers = { 'x-forwarded-for': '203.0.113.6', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      return (await fetch(`${url}${path}`, { headers })).status;
    };
    for (const path of ['/trpc/agents.list', '/trpc/threads.watch', '/files/file_1', '/trpc/agents.list'])
      expect(await ask(path, 'wrong')).toBe(401);
    for (const path of ['/trpc/agents.list', '/trpc/threads.watch', '/files/file_1'])
      expect([path, await ask(path, 'wrong')]).toEqual([path, 429]);
    expect(await ask('/trpc/agents.list', 'ann')).toBe(200);
    expect(await ask('/trpc/agents.list')).toBe(401);
  });
});

test('no more than maxTrackedAddresses are counted, and the first is forgotten', async () => {
  const handshakes = new Handshakes({ handshakesPerMinute: 1, maxTrackedAddresses: 3, maxBodiesPerAddress: 1 });
  afterTest(() => handshakes.close());
  for (const last of [1, 2, 3]) expect(await handshakes.refusal(`192.0.2.${last}`)).toBeUndefined();
  expect(await handshakes.refusal('192.0.2.1')).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await handshakes.refusal('192.0.2.4')).toBeUndefined();
  expect(handshakes.trackedAddresses).toBe(3);
  expect(await handshakes.refusal('192.0.2.3')).toMatchObject({ code: 'RATE_LIMITED' });
  expect(await handshakes.refusal('192.0.2.1')).toBeUndefined();
});
