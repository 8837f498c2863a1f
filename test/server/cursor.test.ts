import { describe, expect, test } from 'vitest';
import { SseParser } from '../../src/client/transportSseParser.ts';
import { expectContiguous, openRaw, type RawSocket, type WireEvent } from '../support/rawSocket.ts';
import { startServer } from './startServer.ts';

interface Finished {
  readonly socket: RawSocket;
  readonly url: string;
  readonly threadId: string;
  readonly runId: string;
  readonly epoch: string;
  readonly head: number;
  fold(): Promise<number>;
}

/** A thread with one finished run. */
async function finishedThread(): Promise<Finished> {
  const { port, url, server } = await startServer();
  const socket = await openRaw({ port });
  const { threadId, runId }: { threadId: string; runId: string } = await socket.call('mutation', 'messages.send', {
    agent: 'pour',
    text: '4 5',
  });
  await socket.call('query', 'runs.wait', { runId });
  const { epoch, head }: { epoch: string; head: number } = await socket.call('query', 'threads.get', { threadId });
  return { socket, url, threadId, runId, epoch, head, fold: () => server.fold({ olderThanDays: 0 }) };
}

describe.each<[name: string, place: (cursor: unknown) => { input: object; more: { lastEventId?: unknown } }]>([
  ['in the input', (cursor) => ({ input: { lastEventId: cursor }, more: {} })],
  [
    'beside the input, where clients put it when they come back',
    (cursor) => ({ input: { lastEventId: 0 }, more: { lastEventId: String(cursor) } }),
  ],
])('a cursor %s', (_, place) => {
  const watched = async ({ socket, threadId }: Finished, cursor: unknown): Promise<readonly WireEvent[]> => {
    const { input, more } = place(cursor);
    return socket.until(socket.watch('threads.watch', { threadId, ...input }, more), 'run.completed');
  };
  const refused = ({ socket, threadId }: Finished, cursor: unknown) => {
    const { input, more } = place(cursor);
    return socket.error('subscription', 'threads.watch', { threadId, ...input }, more);
  };

  test('with its epoch, as a bare seq, or as a number, means what comes after it', async () => {
    const thread = await finishedThread();
    for (const cursor of [`${thread.epoch}-3`, '3', 3]) {
      const events = await watched(thread, cursor);
      expectContiguous(events, 3);
      expect(events.at(-1)?.seq).toBe(thread.head);
    }
  });

  test('beyond the head is CURSOR_AHEAD, which names the head', async () => {
    const thread = await finishedThread();
    for (const cursor of [thread.head + 1, `${thread.epoch}-${thread.head + 1}`]) {
      expect((await refused(thread, cursor)).data).toMatchObject({
        code: 'BAD_REQUEST',
        reason: 'CURSOR_AHEAD',
        details: { head: thread.head },
      });
    }
  });

  test.each([-1, 1.5, Number.NaN, '-1', 'abc', '1e3', '01', '', ' 3', 'e-', 'e--3', 2 ** 53, '9999999999999999', {}, true])(
    'that is %j is BAD_INPUT',
    async (cursor) => {
      const thread = await finishedThread();
      // JSON has no word for NaN: it arrives as null.
      expect((await refused(thread, cursor)).data).toMatchObject({ reason: 'BAD_INPUT' });
    },
  );

  test('of another epoch, even beyond the head, gets a snapshot and what follows', async () => {
    const thread = await finishedThread();
    const { socket, threadId } = thread;
    for (const cursor of ['zzzzzzzz-3', 'zzzzzzzz-3000']) {
      const { head }: { head: number } = await socket.call('query', 'threads.get', { threadId });
      const { input, more } = place(cursor);
      const watch = socket.watch('threads.watch', { threadId, ...input }, more);
      const [snapshot] = await socket.until(watch, 'thread.snapshot');
      expect(snapshot).toMatchObject({ seq: head, earlier: false });
      expect(socket.frames.find((frame) => frame.id === watch && frame.result?.type === 'data')?.result?.id).toBe(
        `${thread.epoch}-${head}`,
      );
      await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
      const [, ...after] = await socket.until(watch, 'run.completed');
      expectContiguous(after, snapshot?.seq);
    }
  });

  test('below the floor gets a snapshot; at the floor it does not', async () => {
    const thread = await finishedThread();
    const { socket, threadId, head } = thread;
    expect(await thread.fold()).toBe(1);
    await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 1' });
    const { floor }: { floor: number } = await socket.call('query', 'threads.get', { threadId });
    expect(floor).toBe(head);
    const at = await watched(thread, floor);
    expect(at[0]?.type).toBe('message.received');
    expectContiguous(at, floor);
    const { input, more } = place(floor - 1);
    const below = await socket.until(socket.watch('threads.watch', { threadId, ...input }, more), 'thread.snapshot');
    expect(below[0]?.type).toBe('thread.snapshot');
  });
});

test('a watch of a run that is folded gives a snapshot of it and its terminal event', async () => {
  const thread = await finishedThread();
  await thread.fold();
  const watch = thread.socket.watch('runs.watch', { runId: thread.runId });
  const events = await thread.socket.until(watch, 'run.completed');
  expect(events.map((event) => event.type)).toEqual(['thread.snapshot', 'run.completed']);
  expect(events[0]).toMatchObject({ messages: [{ text: '4 5' }, { text: 'done' }] });
  expectContiguous(events.slice(1), events[0]?.seq);
  await expect.poll(() => thread.socket.frames.findLast((frame) => frame.id === watch)?.result?.type).toBe('stopped');
});

test('over SSE a cursor comes by header, by query or in the input', async () => {
  const { url, threadId, epoch, head } = await finishedThread();
  const read = async (query: string, headers: Record<string, string> = {}): Promise<WireEvent[]> => {
    const abort = new AbortController();
    const response = await fetch(`${url}/trpc/threads.watch?${query}`, { headers, signal: abort.signal });
    const events: WireEvent[] = [];
    const parser = new SseParser(({ event, data }) => {
      if (event === 'message') events.push(JSON.parse(data).json);
      if (event === 'serialized-error') throw new Error(JSON.parse(data).json.data.reason);
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        parser.push(decoder.decode(chunk, { stream: true }));
        if (events.at(-1)?.type === 'run.completed') return events;
      }
      return events;
    } finally {
      abort.abort();
    }
  };
  const input = (value: object): string => `input=${encodeURIComponent(JSON.stringify({ json: { threadId, ...value } }))}`;
  expectContiguous(await read(input({}), { 'last-event-id': '' }));
  expectContiguous(await read(input({ lastEventId: 4 })), 4);
  expectContiguous(await read(`${input({})}&lastEventId=${epoch}-5`), 5);
  expectContiguous(await read(input({ lastEventId: 2 }), { 'last-event-id': `${epoch}-6` }), 6);
  await expect(read(input({}), { 'last-event-id': `${epoch}-${head + 1}` })).rejects.toThrow('CURSOR_AHEAD');
  await expect(read(input({}), { 'last-event-id': '-4' })).rejects.toThrow('BAD_INPUT');
});
