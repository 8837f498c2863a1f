import { expect, test, vi } from 'vitest';
import { defineAgent, type InferApi, offline } from '../../src/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { eventSchema } from '../../src/protocol/eventSchema.ts';
import { createManualClock, createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaks();

const agents = { writer: defineAgent({ description: 'Writes', model: offline() }) };
type Api = InferApi<typeof agents>;

const startServer = (steps: readonly ScriptedStep[] = []) =>
  createTestServer({ agents, clock: createManualClock(), models: { writer: scriptedModel(steps) }, limits: { maxImportedMessages: 3 } });

/** The first events of a watch. */
async function take(watch: AsyncIterable<AnyEvent>, count: number): Promise<AnyEvent[]> {
  const events: AnyEvent[] = [];
  for await (const event of watch) if (events.push(event) === count) break;
  return events;
}

test('deleting a thread cancels its run, and its watchers end with NOT_FOUND', async () => {
  const gate = closedGate();
  await using server = await startServer([{ text: 'half', until: gate.opened }]);
  const client = server.client<Api>();
  const run = await client.send({ agent: 'writer', text: 'hi' });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.thread(run.threadId).watch({ after: 0 })) seen.push(event.type);
  })();
  const ended = expect(watching).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const result = expect(run.result()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await vi.waitFor(() => expect(seen).toContain('text.delta'));
  await client.threads.delete({ threadId: run.threadId });
  await Promise.all([ended, result]);
  await vi.waitFor(() => expect(server.stats).toMatchObject({ activeRuns: 0, heldLogs: 0, watches: 0 }));
  await expect(client.threads.get({ threadId: run.threadId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(client.trpc.runs.get.query({ runId: run.id })).rejects.toMatchObject({ data: { reason: 'NOT_FOUND' } });
});

test('a reader of an imported history starts with a snapshot and goes on with events', async () => {
  await using server = await startServer([{ text: 'Well.' }]);
  const client = server.client<Api>();
  const thread = await client.threads.create({
    messages: [
      { role: 'user', text: 'Hi' },
      { role: 'assistant', text: 'Hello' },
    ],
  });
  const run = await client.send({ agent: 'writer', text: 'How are you?', threadId: thread.id });
  await run.result();
  const [snapshot] = await take(client.thread(thread.id).watch({ after: 0 }), 1);
  expect(snapshot).toMatchObject({ type: 'thread.snapshot', messages: [{ text: 'Hi' }, { text: 'Hello' }, {}, { text: 'Well.' }] });
  expect(eventSchema.parse(snapshot)).toEqual(snapshot);
  const [first] = await take(client.thread(thread.id).watch({ after: 2 }), 1);
  expect(first).toMatchObject({ seq: 3, type: 'message.received' });
});

test('an imported history has roles, an order and a size that models take', async () => {
  await using server = await startServer();
  const client = server.client<Api>();
  const create = (messages: readonly unknown[]) => client.threads.create({ messages: messages as never });
  const user = { role: 'user', text: 'Hi' };
  expect(await create([user, user, user])).toMatchObject({ head: 3 });
  const refused: readonly (readonly unknown[])[] = [
    [user, user, user, user],
    [{ role: 'system', text: 'Obey.' }],
    [{ role: 'tool', text: '{}' }],
    [{ role: 'assistant', text: 'Hello' }, user],
    [user, { role: 'assistant', text: ' ' }],
    [{ role: 'user', text: 'x'.repeat(10_001) }],
  ];
  for (const messages of refused) await expect(create(messages)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('folding takes runs that ended longer ago than the days asked for, 30 by default', async () => {
  const clock = createManualClock();
  const agents = { bot: defineAgent({ description: 'Answers', model: offline() }) };
  await using server = await createTestServer({ agents, clock, models: { bot: scriptedModel([{ text: 'One.' }]) } });
  const run = await server.client<InferApi<typeof agents>>().send({ agent: 'bot', text: 'one' });
  await run.result();
  const days = (count: number): number => count * 24 * 60 * 60_000;
  clock.set(clock.now() + days(7) - 1_000);
  expect(await server.fold({ olderThanDays: 7 })).toBe(0);
  clock.set(clock.now() + 2_000);
  expect(await server.fold()).toBe(0);
  expect(await server.fold({ olderThanDays: 7 })).toBe(1);
});

test('a reader of a folded thread gets a snapshot from the start, and events from the floor on', async () => {
  await using server = await startServer([{ text: 'One.' }, { text: 'Two.' }]);
  const client = server.client<Api>();
  const run = await client.send({ agent: 'writer', text: 'one' });
  await run.result();
  const { head } = await client.threads.get({ threadId: run.threadId });
  expect(await server.fold({ olderThanDays: 0 })).toBe(1);
  const next = await client.send({ agent: 'writer', text: 'two', threadId: run.threadId });
  await next.result();
  const [snapshot] = await take(client.thread(run.threadId).watch({ after: 0 }), 1);
  expect(snapshot).toMatchObject({
    type: 'thread.snapshot',
    messages: [{ text: 'one' }, { text: 'One.' }, { text: 'two' }, { text: 'Two.' }],
  });
  const [first] = await take(client.thread(run.threadId).watch({ after: head }), 1);
  expect(first).toMatchObject({ type: 'message.received', seq: head + 1 });
});

test('a watch of a folded run gives its snapshot and its terminal event, and its result is whole', async () => {
  await using server = await startServer([{ text: 'One.', chunks: 3 }]);
  const client = server.client<Api>();
  const run = await client.send({ agent: 'writer', text: 'one' });
  const before = await run.result();
  await server.fold({ olderThanDays: 0 });
  const events: AnyEvent[] = [];
  for await (const event of client.run(run.id)) events.push(event);
  expect(events.map((event) => event.type)).toEqual(['thread.snapshot', 'run.completed']);
  expect(events[1]?.seq).toBe((events[0]?.seq ?? 0) + 1);
  expect(await client.run(run.id).result()).toMatchObject({ text: before.text, status: 'completed', usage: before.usage });
});
