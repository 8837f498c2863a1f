import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { offline } from '../../src/agents/models/offline.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { expectContiguous, openRaw } from '../support/rawSocket.ts';
import { closedGate } from '../testing/gate.ts';
import { startServer } from './startServer.ts';

checkLeaksAfterwards();

interface Receipt {
  readonly threadId: string;
  readonly runId: string;
  readonly seq: number;
}
interface ThreadInfo {
  readonly id: string;
  readonly epoch: string;
  readonly head: number;
}

test('a live watch and a replay carry the same text of every event', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const thread: ThreadInfo = await socket.call('mutation', 'threads.create', {});
  const live = socket.watch('threads.watch', { threadId: thread.id }, { id: 'live' });
  await socket.call('mutation', 'messages.send', { threadId: thread.id, agent: 'pour', text: '20 30' });
  await socket.until(live, 'run.completed');
  const replay = socket.watch('threads.watch', { threadId: thread.id, lastEventId: 0 }, { id: 'again' });
  await socket.until(replay, 'run.completed');
  const texts = (id: string): string[] =>
    socket.texts
      .filter((text) => text.includes(`"id":"${id}"`) && text.includes('"type":"data","data"'))
      .map((text) => text.slice(text.indexOf('"result"')));
  expect(texts('again')).toEqual(texts('live'));
  expect(texts('live').length).toBeGreaterThan(20);
  expectContiguous(socket.events(live));
  const last = socket.frames.findLast((frame) => frame.id === 'live');
  expect(last?.result?.id).toBe(`${thread.epoch}-${socket.events(live).at(-1)?.seq}`);
});

test('deltas that wait together come as one frame, which says what it stands for', async () => {
  const model = scriptedModel([{ chunks: Array.from({ length: 40 }, (_, index) => `${index} `), delayMs: 4 }]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: '', model: offline() }) }, models: { a: model } });
  const socket = await openRaw({ port: server.port });
  const { threadId, runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'a', text: 'go' });
  await socket.call('query', 'runs.wait', { runId });
  const watch = socket.watch('threads.watch', { threadId });
  const events = await socket.until(watch, 'run.completed');
  const deltas = events.filter((event) => event.type === 'text.delta');
  expect(deltas).toHaveLength(1);
  expect(deltas[0]?.delta).toBe(Array.from({ length: 40 }, (_, index) => `${index} `).join(''));
  expect((deltas[0]?.seq ?? 0) - (deltas[0]?.firstSeq ?? 0)).toBeGreaterThan(5);
  expectContiguous(events);
});

test('a watch of one run leaves out the others, accounts for them, and ends with its terminal event', async () => {
  const { port, release } = await startServer();
  const socket = await openRaw({ port });
  const { threadId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  const second: Receipt = await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '2 10' });
  const third: Receipt = await socket.call('mutation', 'messages.send', { threadId, agent: 'pour', text: '1 10' });
  release();
  await socket.call('query', 'runs.wait', { runId: third.runId });
  const watch = socket.watch('runs.watch', { runId: second.runId });
  expect((await socket.answer(watch)).error).toBeUndefined();
  const events = await socket.until(watch, 'run.completed');
  expect(new Set(events.map((event) => event.runId))).toEqual(new Set([second.runId]));
  expectContiguous(events, second.seq);
  expect(events.some((event) => event.firstSeq !== undefined)).toBe(true);
  await expect.poll(() => socket.frames.findLast((frame) => frame.id === watch)?.result?.type).toBe('stopped');
});

test('a watch of a run that ends before its cursor ends at once', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: '2 1' });
  const events = await socket.until(socket.watch('runs.watch', { runId }), 'run.completed');
  const again = socket.watch('runs.watch', { runId, lastEventId: events.at(-1)?.seq });
  expect((await socket.answer(again)).result?.type).toBe('stopped');
});

test('mode messages leaves out deltas, progress and status, and accounts for them', async () => {
  const agent = defineAgent({
    description: '',
    data: { note: z.string() },
    run: async function* ({ status }) {
      yield { type: 'reasoning.delta', delta: 'hm' };
      yield { type: 'text.delta', delta: 'so' };
      status('searching');
      yield { type: 'data', name: 'note', data: 'kept' };
      yield { type: 'text.delta', delta: ' it is' };
    },
  });
  const { port } = await startServer({ agents: { agent } });
  const socket = await openRaw({ port });
  const { threadId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'agent', text: 'go' });
  const all = await socket.until(socket.watch('threads.watch', { threadId }), 'run.completed');
  const messages = await socket.until(socket.watch('threads.watch', { threadId, mode: 'messages' }), 'run.completed');
  const fine = ['text.delta', 'reasoning.delta', 'tool.progress', 'run.status'];
  expect(messages.map(({ type, seq }) => [type, seq])).toEqual(
    all.filter((event) => !fine.includes(event.type)).map(({ type, seq }) => [type, seq]),
  );
  expect(all.map((event) => event.type)).toContain('text.delta');
  expectContiguous(messages);
});

test('text that was withdrawn is not replayed, and is accounted for', async () => {
  const gate = closedGate();
  const model = scriptedModel([{ text: 'wrong way', until: gate.opened }, { text: 'right way' }]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: '', model: offline() }) }, models: { a: model } });
  const before = await openRaw({ port: server.port });
  const { threadId, runId }: Receipt = await before.call('mutation', 'messages.send', { agent: 'a', text: 'go' });
  const live = await before.until(before.watch('threads.watch', { threadId }), 'text.delta');
  expect(live.some((event) => event.delta === 'wrong way')).toBe(true);
  await server.restart();
  const socket = await openRaw({ port: server.port });
  await socket.call('query', 'runs.wait', { runId });
  const events = await socket.until(socket.watch('threads.watch', { threadId, lastEventId: 0 }), 'run.completed');
  expect(JSON.stringify(events)).not.toContain('wrong way');
  expect(events.some((event) => event.type === 'message.discarded')).toBe(true);
  expectContiguous(events);
  gate.open();
});

test('a watch may begin with a snapshot, text that streams included, and goes on after it', async () => {
  const { port, release } = await startServer();
  const socket = await openRaw({ port });
  const { threadId, runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  await socket.until(socket.watch('threads.watch', { threadId }), 'text.delta');
  const watch = socket.watch('threads.watch', { threadId, snapshot: true });
  const [snapshot] = await socket.until(watch, 'thread.snapshot');
  expect(snapshot).toMatchObject({
    activeRunId: runId,
    earlier: false,
    messages: [{ text: 'hold' }, { text: 'held', status: 'streaming' }],
  });
  release();
  const [, ...after] = await socket.until(watch, 'run.completed');
  expectContiguous(after, snapshot?.seq);
});

test('with a cursor of its own a watch needs no snapshot', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const { threadId, runId }: Receipt = await socket.call('mutation', 'messages.send', { agent: 'pour', text: '2 1' });
  await socket.call('query', 'runs.wait', { runId });
  const events = await socket.until(socket.watch('threads.watch', { threadId, snapshot: true, lastEventId: 2 }), 'run.completed');
  expect(events[0]?.type).not.toBe('thread.snapshot');
  expectContiguous(events, 2);
});

test('a watch of a thread that is deleted ends with NOT_FOUND', async () => {
  const { port } = await startServer();
  const socket = await openRaw({ port });
  const thread: ThreadInfo = await socket.call('mutation', 'threads.create', {});
  const watch = socket.watch('threads.watch', { threadId: thread.id });
  await expect.poll(() => socket.frames.some((frame) => frame.id === watch && frame.result?.type === 'started')).toBe(true);
  await socket.call('mutation', 'threads.delete', { threadId: thread.id });
  expect((await socket.answer(watch)).error?.json.data.reason).toBe('NOT_FOUND');
});
