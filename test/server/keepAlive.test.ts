import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { COUNT, expectWhole, newThread, pour } from './pouredThread.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

test('a quiet socket is pinged, and lives while it answers', async () => {
  const { port } = await startServer({ limits: { pingIntervalMs: 40, pongTimeoutMs: 400 } });
  const socket = await openRaw({ port });
  let pings = 0;
  socket.ws.on('ping', () => pings++);
  await vi.waitFor(() => expect(pings).toBeGreaterThan(4), 5_000);
  expect(socket.ws.readyState).toBe(socket.ws.OPEN);
});

test('a socket that answers no ping is cut', async () => {
  const { port, server } = await startServer({ limits: { pingIntervalMs: 40, pongTimeoutMs: 60 } });
  const socket = await openRaw({ port, autoPong: false });
  expect((await socket.closed).code).toBe(1006);
  await vi.waitFor(() => expect(server.stats.connections).toBe(0));
});

test('a half-open socket is found, though its end never came', async () => {
  const { port, server } = await startServer({ limits: { pingIntervalMs: 40, pongTimeoutMs: 60 } });
  const proxy = await startFaultProxy({ port });
  afterTest(() => proxy.close());
  const socket = await openRaw({ port: proxy.port });
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
  socket.watch('threads.watch', { threadId });
  await vi.waitFor(() => expect(server.stats.watches).toBe(1));
  proxy.drop('both');
  socket.ws.terminate();
  await vi.waitFor(() => expect(server.stats).toMatchObject({ connections: 0, watches: 0, listeners: 0 }), 5_000);
});

test.each<[name: string, frame: string]>([
  ["tRPC's text PING", 'PING'],
  ['a call', '{"id":1,"method":"query","params":{"path":"agents.list"}}'],
  ['nonsense', '{'],
])('any frame is a sign of life: %s', async (_, frame) => {
  const { port } = await startServer({ limits: { pingIntervalMs: 30, pongTimeoutMs: 400 } });
  const socket = await openRaw({ port, autoPong: false });
  // Each answer asks for the next: twenty of them last longer than a socket without a sign of life would.
  let answers = 0;
  let pings = 0;
  let sent: NodeJS.Timeout | undefined;
  afterTest(() => clearTimeout(sent));
  socket.ws.on('ping', () => pings++);
  socket.ws.on('message', () => {
    answers++;
    sent = setTimeout(() => socket.ws.send(frame), 60);
  });
  socket.ws.send(frame);
  await vi.waitFor(() => expect(answers).toBeGreaterThan(15), 6_000);
  expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  clearTimeout(sent);
  socket.ws.removeAllListeners('message');
  expect((await socket.closed).code).toBe(1006);
  expect(pings).toBeGreaterThan(0);
});

test('the text PING is answered with PONG', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  socket.ws.send('PING');
  await vi.waitFor(() => expect(socket.texts).toEqual(['PONG']));
});

test('a link so slow that its pongs come too late is not hung up on while data flows', async () => {
  const started = await startServer({ limits: { pingIntervalMs: 50, pongTimeoutMs: 700, slowReaderTimeoutMs: 1_000 } });
  const writer = await newThread(started);
  const proxy = await startFaultProxy({ port: started.port });
  afterTest(() => proxy.close());
  const socket = await openRaw({ port: proxy.port });
  const id = socket.watch('threads.watch', { threadId: writer.threadId });
  await vi.waitFor(() => expect(started.server.stats.watches).toBe(1));
  proxy.throttle(4_000_000);
  await pour(writer);
  const events = await vi.waitFor(() => {
    const found = socket.events(id);
    if (found.at(-1)?.type !== 'run.completed') throw new Error(`${found.length} of ${COUNT}`);
    return found;
  }, 25_000);
  expectWhole(events);
  expect(proxy.counts.connections).toBe(1);
}, 40_000);

test('a reader of a byte now and then is waited for as long as it takes them', async () => {
  const started = await startServer({ limits: { slowReaderTimeoutMs: 2_000, maxBufferedBytesPerSocket: 8 * 1024 * 1024 } });
  const writer = await newThread(started);
  const raw = connect({ port: started.port, host: '127.0.0.1' });
  afterTest(() => raw.destroy());
  await once(raw, 'connect');
  raw.write(
    'GET /trpc HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await once(raw, 'readable');
  while (raw.read() !== null);
  const send = (request: object): void => {
    const text = Buffer.from(JSON.stringify(request));
    raw.write(Buffer.concat([Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0]), text]));
  };
  send({ id: 1, method: 'subscription', params: { path: 'threads.watch', input: { json: { threadId: writer.threadId } } } });
  await vi.waitFor(() => expect(started.server.stats.watches).toBe(1));
  await pour(writer);
  // What waits now is one write of megabytes, and never done within the time: only that some of it goes says that somebody reads.
  expect(started.server.stats.bufferedBytes).toBeGreaterThan(1024 * 1024);
  const openedMs = performance.now();
  while (performance.now() - openedMs < 4_500) {
    // The kernel tells the sender of new room in steps of hundreds of kilobytes.
    raw.read(24 * 1024) ?? raw.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // A server that had given it up would say so now, and not answer.
  let end = '';
  raw.on('data', (bytes) => {
    end = (end + bytes.toString('latin1')).slice(-200_000);
  });
  await vi.waitFor(() => expect(end.includes('run.completed')).toBe(true), 10_000);
  send({ id: 2, method: 'query', params: { path: 'agents.list', padding: 'x'.repeat(126) } });
  await vi.waitFor(() => expect(end.includes('{"id":2,"result"')).toBe(true));
}, 40_000);

test('a socket without a request or a watch for too long is closed with 4000', async () => {
  const { port } = await startServer({ limits: { idleTimeoutMs: 120 } });
  const socket = await openRaw({ port });
  const pings = setInterval(() => socket.ws.send('PING'), 20);
  afterTest(() => clearInterval(pings));
  expect(await socket.closed).toEqual({ code: 4000, reason: 'IDLE' });
});

test('a watch, or a call that takes its time, keeps a socket from being idle; its end does not', async () => {
  const { port, server, release } = await startServer({ limits: { idleTimeoutMs: 100 } });
  const watcher = await openRaw({ port });
  const waiter = await openRaw({ port });
  const { threadId, runId }: { threadId: string; runId: string } = await watcher.call('mutation', 'messages.send', {
    agent: 'pour',
    text: 'hold',
  });
  const watch = watcher.watch('threads.watch', { threadId });
  const wait = waiter.request('query', 'runs.wait', { runId, timeoutMs: 500 });
  expect((await waiter.answer(wait)).result?.type).toBe('data');
  expect(server.stats.connections).toBe(2);
  expect((await waiter.closed).code).toBe(4000);
  expect(watcher.ws.readyState).toBe(watcher.ws.OPEN);
  watcher.send({ id: watch, method: 'subscription.stop' });
  expect((await watcher.closed).code).toBe(4000);
  release();
});
