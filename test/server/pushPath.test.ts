import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { initTRPC } from '@trpc/server';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import { expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { socketEncoder, takeStartedId } from '../../src/server/socketEncoder.ts';
import { Watch } from '../../src/server/watch.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

// The push path leans on the order in which tRPC's socket adapter encodes `started` and takes the first step of the iterable. It was
// read in this version. When another one is installed: run these tests, read `getWSConnectionHandler`, and then change the number.
test('the version of @trpc/server whose order of calls is known', () => {
  const path = createRequire(import.meta.url).resolve('@trpc/server/package.json');
  expect(JSON.parse(readFileSync(path, 'utf8')).version).toBe('11.25.2');
});

test("tRPC's adapter encodes `started` and takes the first step in one turn, with nothing in between", async () => {
  const calls: string[] = [];
  let turn = 0;
  const t = initTRPC.create();
  const endless = (name: string): AsyncIterableIterator<never> => ({
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      calls.push(`next ${name} in turn ${turn}`);
      return new Promise(() => {});
    },
    async return() {
      calls.push(`return ${name}`);
      return { done: true, value: undefined };
    },
  });
  const router = t.router({
    one: t.procedure.subscription(() => endless('one')),
    two: t.procedure.subscription(async () => endless('two')),
  });
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  afterTest(() => new Promise((resolve) => wss.close(resolve)));
  const encoder = socketEncoder(10);
  const serve = getWSConnectionHandler({
    router,
    wss,
    experimental_encoder: {
      decode: encoder.decode,
      encode(message) {
        turn++;
        // A turn ends with the microtasks of the call that began it.
        queueMicrotask(() => turn++);
        const { id, result } = message as { id: unknown; result: { type: string } };
        calls.push(`${result.type} ${id} in turn ${turn}`);
        return encoder.encode(message);
      },
    },
  });
  wss.on('connection', serve);
  await once(wss, 'listening');
  const address = wss.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = await openRaw({ port: address.port, path: '/' });
  const subscribe = (id: string, path: string): object => ({ id, method: 'subscription', params: { path } });
  socket.send([subscribe('a', 'one'), subscribe('b', 'two')]);
  await vi.waitFor(() => expect(calls).toHaveLength(4));
  const turns = calls.map((call) => call.replace(/ in turn \d+/, ''));
  expect(turns).toEqual(['started a', 'next one', 'started b', 'next two']);
  const [startedA, nextA, startedB, nextB] = calls.map((call) => call.split(' in turn ')[1]);
  expect([nextA, nextB]).toEqual([startedA, startedB]);
  socket.send({ id: 'a', method: 'subscription.stop' });
  await vi.waitFor(() => expect(calls.at(-2)).toBe('return one'));
  takeStartedId();
});

test('the id of a `started` frame is given once', () => {
  const encoder = socketEncoder(10);
  encoder.encode({ id: 'a"b', result: { type: 'started' } });
  encoder.encode({ id: 2, result: { type: 'stopped' } });
  expect(takeStartedId()).toBe('"a\\"b"');
  expect(takeStartedId()).toBeUndefined();
});

test('watches begun in one batch, with ids of any kind, each get their own frames', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const one: { id: string } = await socket.call('mutation', 'threads.create', {});
  const two: { id: string } = await socket.call('mutation', 'threads.create', {});
  const subscribe = (id: string | number, threadId: string): object => ({
    id,
    method: 'subscription',
    params: { path: 'threads.watch', input: { json: { threadId } } },
  });
  socket.send([subscribe('77', one.id), subscribe(77, two.id), subscribe('quo"te\\', one.id)]);
  await vi.waitFor(() => expect(socket.frames.filter((frame) => frame.result?.type === 'started')).toHaveLength(3));
  await socket.call('mutation', 'messages.send', { threadId: one.id, agent: 'pour', text: '3 1' });
  await socket.call('mutation', 'messages.send', { threadId: two.id, agent: 'pour', text: '5 1' });
  const counts: [string | number, number][] = [
    ['77', 3],
    [77, 5],
    ['quo"te\\', 3],
  ];
  for (const [id, count] of counts) {
    const events = await socket.until(id, 'run.completed');
    expect(events.filter((event) => event.type === 'data')).toHaveLength(count);
  }
});

test('a request id that is in use is refused, and its watch goes on', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
  const watch = socket.watch('threads.watch', { threadId }, { id: 'same' });
  await vi.waitFor(() => expect(socket.frames.at(-1)?.result?.type).toBe('started'));
  socket.watch('threads.watch', { threadId }, { id: 'same' });
  expect((await socket.answer('same')).error?.json.data.reason).toBe('BAD_INPUT');
  await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
  await socket.until(watch, 'run.completed');
});

test('a watch is run once: a second step of the same object is an error', async () => {
  let runs = 0;
  const tail = {
    run() {
      runs++;
      return new Promise<void>(() => {});
    },
  };
  const connection = { sink: () => ({}) };
  const watch = new Watch(tail as never, connection as never, 'e');
  socketEncoder(10).encode({ id: 1, result: { type: 'started' } });
  void watch.next();
  await expect(watch.next()).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
  expect(runs).toBe(1);
});

test('watches that stop, break or never begin leave nothing', async () => {
  const { port, server } = await startServer();
  const socket = await openRaw({ port });
  const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
  for (let round = 0; round < 20; round++) {
    const id = socket.watch('threads.watch', { threadId });
    socket.send({ id, method: 'subscription.stop' });
  }
  await socket.call('query', 'agents.list');
  await vi.waitFor(() => expect(server.stats).toMatchObject({ watches: 0, listeners: 0, heldLogs: 0 }));
  for (let round = 0; round < 20; round++) socket.watch('threads.watch', { threadId });
  await vi.waitFor(() => expect(server.stats.watches).toBe(20));
  socket.ws.terminate();
  await vi.waitFor(() => expect(server.stats).toMatchObject({ connections: 0, watches: 0, listeners: 0, heldLogs: 0, bufferedBytes: 0 }));
});
