import { expect, test, vi } from 'vitest';
import { startFaultProxy } from '../../src/testing/faultProxy.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { COUNT, expectWhole, newThread, ONE_FRAME, PER_SOCKET, pour, stalledWatch } from './pouredThread.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

test('a stalled reader costs its budget and one frame, harms nobody, and gets everything when it reads on', async () => {
  const started = await startServer();
  const writer = await newThread(started);
  const stalled = await stalledWatch(started.port, writer.threadId);
  const healthy = await openRaw({ port: started.port });
  const healthyId = healthy.watch('threads.watch', { threadId: writer.threadId });
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, started.server.stats.bufferedBytes);
  }, 5);
  afterTest(() => clearInterval(sampling));
  await pour(writer);
  expectWhole(await healthy.until(healthyId, 'run.completed'));
  expect(stalled.events().length).toBeLessThan(COUNT);
  // It is what the kernel does not take that is held, and a healthy socket holds up to as much for a moment.
  expect(started.server.stats.bufferedBytes).toBeGreaterThan(PER_SOCKET / 2);
  expect(started.server.stats.bufferedBytes).toBeLessThan(PER_SOCKET + ONE_FRAME);
  expect(most).toBeLessThan(2 * (PER_SOCKET + ONE_FRAME));
  stalled.proxy.resume();
  expectWhole(await stalled.socket.until(stalled.id, 'run.completed'));
  await vi.waitFor(() => expect(started.server.stats.bufferedBytes).toBe(0));
});

test('the budget of a socket is an option', async () => {
  const started = await startServer({ limits: { maxBufferedBytesPerSocket: 512 * 1024 } });
  const writer = await newThread(started);
  await stalledWatch(started.port, writer.threadId);
  await pour(writer);
  expect(started.server.stats.bufferedBytes).toBeGreaterThan(400 * 1024);
  expect(started.server.stats.bufferedBytes).toBeLessThan(512 * 1024 + ONE_FRAME);
});

test('a reader that stalls on a replay is served no more than one that stalls live', async () => {
  const started = await startServer();
  const writer = await newThread(started);
  await pour(writer);
  await stalledWatch(started.port, writer.threadId, { stallFirst: true });
  await vi.waitFor(() => expect(started.server.stats.bufferedBytes).toBeGreaterThan(PER_SOCKET / 2));
  expect(started.server.stats.bufferedBytes).toBeLessThan(PER_SOCKET + ONE_FRAME);
});

test('past the budget of the process a stalled socket holds one frame, and readers that keep up are served', async () => {
  const started = await startServer({ limits: { maxBufferedBytes: 100 * 1024, maxBufferedBytesPerSocket: 1024 * 1024 } });
  const writer = await newThread(started);
  const stalled: Awaited<ReturnType<typeof stalledWatch>>[] = [];
  for (let count = 0; count < 3; count++) stalled.push(await stalledWatch(started.port, writer.threadId));
  const healthy = await openRaw({ port: started.port });
  const id = healthy.watch('threads.watch', { threadId: writer.threadId });
  await pour(writer);
  expectWhole(await healthy.until(id, 'run.completed'));
  expect(started.server.stats.bufferedBytes).toBeGreaterThan(50 * 1024);
  expect(started.server.stats.bufferedBytes).toBeLessThan(100 * 1024 + 3 * ONE_FRAME);
  for (const { proxy, socket, id } of stalled) {
    proxy.resume();
    expectWhole(await socket.until(id, 'run.completed'));
  }
});

test('a reader that takes nothing for too long is closed with 4409, and resumes exactly', async () => {
  const started = await startServer({ limits: { slowReaderTimeoutMs: 300 } });
  const writer = await newThread(started);
  const stalled = await stalledWatch(started.port, writer.threadId);
  await pour(writer);
  // The close frame waits behind what was sent before, so nothing but the time says that it is on its way.
  await vi.waitFor(() => expect(started.server.stats.bufferedBytes).toBeGreaterThan(0));
  await new Promise((resolve) => setTimeout(resolve, 900));
  stalled.proxy.resume();
  expect(await stalled.socket.closed).toEqual({ code: 4409, reason: 'SLOW_READER' });
  const before = stalled.events();
  expect(before.length).toBeLessThan(COUNT);
  const again = await openRaw({ port: started.port });
  const id = again.watch('threads.watch', { threadId: writer.threadId, lastEventId: before.at(-1)?.seq });
  const after = await again.until(id, 'run.completed');
  expectWhole([...before, ...after]);
});

test('a reader that vanishes is forgotten, and what it held is given back', async () => {
  const started = await startServer();
  const writer = await newThread(started);
  const stalled = await stalledWatch(started.port, writer.threadId);
  await pour(writer);
  expect(started.server.stats.bufferedBytes).toBeGreaterThan(0);
  stalled.proxy.cut();
  await vi.waitFor(() => expect(started.server.stats).toMatchObject({ connections: 1, watches: 0, bufferedBytes: 0 }));
});

test('whoever asks and asks and reads nothing is not read any more, and is answered when it reads', async () => {
  const started = await startServer();
  const writer = await newThread(started);
  for (let count = 0; count < 60; count++) {
    await writer.socket.call('mutation', 'messages.send', {
      threadId: writer.threadId,
      agent: 'pour',
      text: `hold on ${'x'.repeat(9_900)}`,
    });
  }
  const proxy = await startFaultProxy({ port: started.port });
  afterTest(() => proxy.close());
  const greedy = await openRaw({ port: proxy.port });
  proxy.stall('down');
  for (let count = 0; count < 40; count++) greedy.request('query', 'threads.messages', { threadId: writer.threadId });
  await vi.waitFor(() => expect(started.server.stats.bufferedBytes).toBeGreaterThan(PER_SOCKET));
  let most = 0;
  for (let round = 0; round < 30; round++) {
    most = Math.max(most, started.server.stats.bufferedBytes);
    await writer.socket.call('query', 'agents.list');
  }
  // One answer of half a megabyte, and the next is not begun.
  expect(most).toBeLessThan(PER_SOCKET + 700 * 1024);
  proxy.resume();
  await vi.waitFor(() => expect(greedy.texts).toHaveLength(40), 10_000);
  expect(greedy.texts.every((text) => text.includes('"items"'))).toBe(true);
});
