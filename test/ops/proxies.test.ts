import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { DeliveryCheck } from '../../src/cli/deliveryCheck.ts';
import { createClient } from '../../src/client/index.node.ts';
import type { JsonApi } from '../../src/protocol/contract.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { newThread } from '../server/pouredThread.ts';
import { startServer } from '../server/startServer.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { expectContiguous, openRaw } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { beginUpload, upload } from '../support/rawUpload.ts';
import { pngOf } from '../support/sampleFiles.ts';
import { caddy, example, nginx, type ProxyOptions } from './proxies.ts';

checkLeaksAfterwards();

const MIB = 1024 * 1024;

describe.each([nginx, caddy])('$name, with the example of ops/', (kind) => {
  const through = async (options: Parameters<typeof startServer>[0] = {}, change?: ProxyOptions['change']) => {
    const server = await startServer(options);
    const proxy = await kind.start({ upstream: server.port, ...(change && { change }) });
    return { server, proxy, port: proxy.port };
  };
  const sdk = (port: number) => {
    const client = createClient<JsonApi>({ url: `http://127.0.0.1:${port}` });
    afterTest(() => client.close());
    return client;
  };

  test.skipIf(!kind.isInstalled)('a socket streams a run, and the SDK reads it whole', async () => {
    const { port } = await through();
    const run = await sdk(port).send({ agent: 'pour', text: '200 1000' });
    const events = [];
    for await (const event of run) events.push(event);
    expect(events.filter(({ type }) => type === 'data')).toHaveLength(200);
    expect(events.at(-1)?.type).toBe('run.completed');
  });

  test.skipIf(!kind.isInstalled)('an event over SSE is there at once, while its run goes on', async () => {
    const { server, port } = await through();
    const { socket, threadId } = await newThread(server);
    const sse = await openSse({ port }, 'threads.watch', { threadId });
    await vi.waitFor(() => expect(sse.names).toEqual(['connected']));
    await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: 'hold' });
    await vi.waitFor(() => expect(sse.events.at(-1)).toMatchObject({ type: 'text.delta', delta: 'held' }));
    server.release();
    await vi.waitFor(() => expect(sse.events.at(-1)?.type).toBe('run.completed'));
    expectContiguous(sse.events);
  });

  test.skipIf(!kind.isInstalled)('the largest file goes up and comes down, and one that is larger is refused by the server', async () => {
    const { port } = await through();
    const bytes = pngOf(DEFAULT_LIMITS.maxFileBytes);
    const { status, file } = await upload({ port, headers: { 'content-type': 'image/png' } }, bytes);
    expect(status).toBe(201);
    const back = await fetch(`http://127.0.0.1:${port}/files/${file.id}`);
    const hash = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
    expect(hash(new Uint8Array(await back.arrayBuffer()))).toBe(hash(bytes));
    const over = await upload({ port, headers: { 'content-type': 'image/png' } }, pngOf(DEFAULT_LIMITS.maxFileBytes + 1));
    expect(over).toMatchObject({ status: 413, error: { data: { reason: 'FILE_TOO_LARGE' } } });
  });

  test.skipIf(!kind.isInstalled)('the bytes of an upload reach the server as they come', async () => {
    const { port } = await through({ limits: { uploadTimeoutMs: 300 } });
    const { request, answer } = beginUpload({ port, headers: { 'content-type': 'image/png', 'content-length': MIB } });
    request.write(pngOf(100_000));
    // A proxy that collects the body first would ask the server nothing yet.
    expect(await answer).toMatchObject({ status: 408, error: { data: { reason: 'TIMEOUT' } } });
  });

  test.skipIf(!kind.isInstalled)('a page of the same origin may use it, one of another may not', async () => {
    const { port } = await through();
    const ask = async (origin: string) => (await fetch(`http://127.0.0.1:${port}/trpc/agents.list`, { headers: { origin } })).status;
    expect(await ask(`http://127.0.0.1:${port}`)).toBe(200);
    expect(await ask('https://evil.example')).toBe(403);
  });

  test.skipIf(!kind.isInstalled)('the server is told where a client is, and not what the client says', async () => {
    const seen: unknown[] = [];
    const { port } = await through({
      authenticate: ({ request }) => {
        seen.push(request.headers['x-forwarded-for'], request.headers['x-forwarded-proto']);
        return { id: 'ann' };
      },
    });
    await fetch(`http://127.0.0.1:${port}/trpc/agents.list`, { headers: { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https' } });
    expect(seen).toEqual(['127.0.0.1', 'http']);
  });

  test.skipIf(!kind.isInstalled).each(['a reload', 'a restart'])('%s of it in the middle of an answer loses nothing', async (what) => {
    const { server, proxy, port } = await through();
    const run = await sdk(port).send({ agent: 'pour', text: 'hold' });
    const check = new DeliveryCheck(0);
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of run) {
        check.add(event);
        types.push(event.type);
      }
    })();
    await vi.waitFor(() => expect(types).toContain('text.delta'));
    if (what === 'a reload') await proxy.reload();
    else {
      await proxy.stop();
      await proxy.start();
    }
    const later = await openRaw({ port });
    await later.call('query', 'agents.list');
    server.release();
    await reading;
    expect(types.at(-1)).toBe('run.completed');
    expect(check).toMatchObject({ gaps: 0, doubles: 0, text: 'held' });
  });
});

describe.skipIf(!nginx.isInstalled)("nginx's time limit", () => {
  const SHORT = (text: string): string => text.replace(/proxy_read_timeout 75s/, 'proxy_read_timeout 1s');

  test('does not end a quiet socket or stream that the server pings', async () => {
    const server = await startServer({ limits: { pingIntervalMs: 100, pongTimeoutMs: 5_000 } });
    const { port } = await nginx.start({ upstream: server.port, change: SHORT });
    const { threadId } = await newThread(server);
    const socket = await openRaw({ port });
    socket.watch('threads.watch', { threadId });
    let pings = 0;
    socket.ws.on('ping', () => pings++);
    const sse = await openSse({ port }, 'threads.watch', { threadId });
    // Twice as long as the limit.
    await vi.waitFor(() => expect(Math.min(pings, sse.names.filter((name) => name === 'ping').length)).toBeGreaterThanOrEqual(20), 15_000);
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  });

  test('ends one that nobody pings, so it must be longer than the silence between two pings', async () => {
    const server = await startServer();
    const { port } = await nginx.start({ upstream: server.port, change: SHORT });
    const socket = await openRaw({ port });
    await socket.closed;
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(example('nginx.conf'))?.[1]);
    expect(seconds * 1_000).toBeGreaterThan(DEFAULT_LIMITS.pingIntervalMs * 2);
  });

  test('and a reload keeps the socket itself', async () => {
    const server = await startServer();
    const proxy = await nginx.start({ upstream: server.port });
    const { threadId } = await newThread(server);
    const socket = await openRaw({ port: proxy.port });
    const watch = socket.watch('threads.watch', { threadId });
    await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: 'hold' });
    await proxy.reload();
    server.release();
    expectContiguous(await socket.until(watch, 'run.completed'));
  });
});
