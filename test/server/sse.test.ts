import { connect } from 'node:net';
import { createTRPCClient, httpSubscriptionLink } from '@trpc/client';
import superjson from 'superjson';
import { describe, expect, test, vi } from 'vitest';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { offline } from '../../src/agents/models/offline.ts';
import type { ContractRouter } from '../../src/client/index.ts';
import { FetchEventSource } from '../client/fetchEventSource.ts';
import { afterTest, checkLeaksAfterwards } from '../support/afterTest.ts';
import { expectContiguous, openRaw, type WireEvent } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { expectWhole, newThread, ONE_FRAME, PER_SOCKET, pour } from './pouredThread.ts';
import { byToken, startServer } from './startServer.ts';

checkLeaksAfterwards();

test('a stream has the events of a socket, in order, with the same ids', async () => {
  const started = await startServer();
  const { socket, threadId } = await newThread(started);
  const watch = socket.watch('threads.watch', { threadId });
  const sse = await openSse(started, 'threads.watch', { threadId });
  await pour({ socket, threadId }, '30 10');
  await vi.waitFor(() => expect(sse.events.at(-1)?.type).toBe('run.completed'));
  expectContiguous(sse.events);
  const stored = (events: readonly WireEvent[]): WireEvent[] => events.filter((event) => event.type !== 'text.delta');
  expect(stored(sse.events)).toEqual(stored(await socket.until(watch, 'run.completed')));
  expect(sse.ids.map((id) => Number(id.split('-')[1]))).toEqual(sse.events.map((event) => event.seq));
  expect(sse.headers['content-type']).toBe('text/event-stream; charset=utf-8');
});

test('a watch of a run ends the stream by its own event, and says so', async () => {
  const started = await startServer();
  const { socket, threadId } = await newThread(started);
  const { runId }: { runId: string } = await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '2 2' });
  const sse = await openSse(started, 'runs.watch', { runId });
  await sse.ended;
  expect(sse.names.at(-1)).toBe('return');
  expect(sse.events.at(-1)?.type).toBe('run.completed');
});

test('a watch that waits behind another answer of its connection is refused: what waits there would have no bound', async () => {
  const started = await startServer();
  const { socket, threadId } = await newThread(started);
  const path = `/trpc/threads.watch?input=${encodeURIComponent(JSON.stringify({ json: { threadId } }))}`;
  const pipe = connect(started.port, '127.0.0.1');
  afterTest(() => void pipe.destroy());
  pipe.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${started.port}\r\n\r\n`.repeat(3));
  await vi.waitFor(() => expect(started.server.stats.watches).toBe(1));
  let text = '';
  pipe.on('data', (data) => {
    text += String(data);
  });
  // Its answers come when the first has ended, which is when the thread goes.
  await socket.call('mutation', 'threads.delete', { threadId });
  await vi.waitFor(() => expect(text.match(/A watch does not wait behind other answers/g)).toHaveLength(2));
  expect(started.server.stats.watches).toBe(0);
});

test('a refusal comes on the stream as the same typed error', async () => {
  const started = await startServer();
  const sse = await openSse(started, 'threads.watch', { threadId: 'nope' });
  await sse.ended;
  expect(sse.names).toEqual(['connected', 'serialized-error']);
  expect(sse.data.at(-1)).toMatchObject({ json: { data: { code: 'NOT_FOUND', reason: 'NOT_FOUND' } } });
});

test('a quiet stream is pinged, and says how long a silence may be', async () => {
  const started = await startServer({ limits: { pingIntervalMs: 40, pongTimeoutMs: 2_000 } });
  const { threadId } = await newThread(started);
  const sse = await openSse(started, 'threads.watch', { threadId });
  await vi.waitFor(() => expect(sse.names.filter((name) => name === 'ping').length).toBeGreaterThan(2));
  expect(sse.data[0]).toEqual({ reconnectAfterInactivityMs: 2_040 });
  expect(sse.events).toEqual([]);
});

test('a reader that goes leaves nothing', async () => {
  const started = await startServer();
  const { threadId } = await newThread(started);
  const sse = await openSse(started, 'threads.watch', { threadId });
  await vi.waitFor(() => expect(started.server.stats.watches).toBe(1));
  sse.destroy();
  await vi.waitFor(() => expect(started.server.stats).toMatchObject({ watches: 0, listeners: 0, heldLogs: 0, bufferedBytes: 0 }));
});

test('a stalled reader costs its budget and gets everything when it reads on', async () => {
  const started = await startServer();
  const writer = await newThread(started);
  const sse = await openSse(started, 'threads.watch', { threadId: writer.threadId });
  sse.pause();
  await pour(writer);
  await vi.waitFor(() => expect(started.server.stats.bufferedBytes).toBeGreaterThan(PER_SOCKET / 2));
  expect(started.server.stats.bufferedBytes).toBeLessThan(PER_SOCKET + ONE_FRAME);
  sse.resume();
  await vi.waitFor(() => expect(sse.events.at(-1)?.type).toBe('run.completed'), 10_000);
  expectWhole(sse.events);
  await vi.waitFor(() => expect(started.server.stats.bufferedBytes).toBe(0));
});

test('a reader that takes nothing for too long is cut off', async () => {
  const started = await startServer({ limits: { slowReaderTimeoutMs: 200 } });
  const writer = await newThread(started);
  const sse = await openSse(started, 'threads.watch', { threadId: writer.threadId });
  sse.pause();
  await pour(writer);
  await vi.waitFor(() => expect(started.server.stats).toMatchObject({ watches: 0, bufferedBytes: 0 }), 5_000);
});

describe("tRPC's httpSubscriptionLink", () => {
  const agents = { counter: defineAgent({ description: '', model: offline() }) };
  type Router = ContractRouter<InferApi<typeof agents>>;

  const clientOf = (url: string, token: string) =>
    createTRPCClient<Router>({
      links: [
        httpSubscriptionLink({
          url: `${url}/trpc`,
          transformer: superjson,
          EventSource: FetchEventSource,
          eventSourceOptions: () => ({ headers: { authorization: `Bearer ${token}` } }),
        }),
      ],
    });

  test('gets the typed error of a thread that is not its own', async () => {
    const started = await startServer({ agents, authenticate: byToken });
    const socket = await openRaw({ port: started.port, params: { token: 'ann' } });
    const { id: threadId }: { id: string } = await socket.call('mutation', 'threads.create', {});
    const errors: unknown[] = [];
    const watch = clientOf(started.url, 'bob').threads.watch.subscribe({ threadId }, { onError: (error) => errors.push(error.data) });
    afterTest(() => watch.unsubscribe());
    await vi.waitFor(() => expect(errors).toEqual([expect.objectContaining({ code: 'NOT_FOUND', reason: 'NOT_FOUND' })]));
  });

  test('stops when the run it watches has ended', async () => {
    process.env.VERBATIM_OFFLINE_TPS = '0';
    const started = await startServer({ agents, authenticate: byToken });
    const socket = await openRaw({ port: started.port, params: { token: 'ann' } });
    const { runId }: { runId: string } = await socket.call('mutation', 'messages.send', { agent: 'counter', text: 'count to 3' });
    const types: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const watch = clientOf(started.url, 'ann').runs.watch.subscribe(
        { runId },
        { onData: ({ data }) => void types.push(data.type), onComplete: resolve, onError: reject },
      );
      afterTest(() => watch.unsubscribe());
    });
    expect(types.at(-1)).toBe('run.completed');
  });
});
