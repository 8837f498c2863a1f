import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { Memory } from '../../src/agents/memory.ts';
import { memoryTools } from '../../src/agents/memoryTools.ts';
import { createTestServer, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, gate, until } from './runSupport.ts';

checkLeaks();

/** A server whose only tool does with the memory what a test says, and `use` that has a run call it. */
async function withMemory(options: Partial<TestServerOptions> = {}) {
  let act = async (_memory: Memory): Promise<unknown> => undefined;
  const tool = defineTool({
    name: 'act',
    description: 'Does as the test says',
    input: z.object({}),
    output: z.object({ result: z.json().optional() }),
    execute: async (_input, { memory }) => ({ result: (await act(memory)) as never }),
  });
  const model = scriptedModel(
    Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? { toolCalls: [{ name: 'act' }] } : { text: 'ok' })),
  );
  const bot = defineAgent({ description: 'bot', model, tools: [tool] });
  const server = await createTestServer({ ...options, agents: { bot } });
  async function use(as: string, does: (memory: Memory) => Promise<unknown>, threadId?: string) {
    act = does;
    const run = await server
      .as(as)
      .client()
      .send({ agent: 'bot', text: 'go', ...(threadId !== undefined && { threadId }) });
    const events = await eventsOf(run);
    const outcome = events.find((event) => event.type === 'tool.completed' || event.type === 'tool.failed');
    return {
      threadId: run.threadId,
      result: outcome?.type === 'tool.completed' ? (outcome.output as { result?: unknown }).result : undefined,
      error: outcome?.type === 'tool.failed' ? outcome.error : undefined,
    };
  }
  return { server, use };
}

const everything = async (memory: Memory): Promise<unknown> => ({
  principal: await memory.principal.list(),
  thread: await memory.thread.list(),
});

test('a principal has its memory in every thread, and nobody else has it', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  await use('ann', async (memory) => memory.principal.set('colour', { likes: ['blue', null] }));
  const elsewhere = await use('ann', (memory) => memory.principal.get('colour'));
  expect(elsewhere.result).toEqual({ likes: ['blue', null] });
  expect((await use('bob', everything)).result).toEqual({ principal: [], thread: [] });
});

test('the memory of a thread is there in its next run, and in no other thread', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  const { threadId } = await use('ann', async (memory) => memory.thread.set('topic', 'tea'));
  expect((await use('ann', everything, threadId)).result).toEqual({ principal: [], thread: [{ key: 'topic', value: 'tea' }] });
  expect((await use('ann', everything)).result).toEqual({ principal: [], thread: [] });
});

test('what was set is there when the server crashes the moment after', async () => {
  const wasSet = gate();
  const { server, use } = await withMemory();
  await using _ = server;
  const running = use('ann', async (memory) => {
    await memory.principal.set('n', 1);
    wasSet.open();
    await new Promise(() => {});
  });
  await wasSet.opened;
  await server.crash();
  await running;
  expect((await use('ann', (memory) => memory.principal.get('n'))).result).toBe(1);
});

test('values are replaced, deleted, listed by key, and null is a value', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  const { result } = await use('ann', async ({ thread }) => {
    for (const key of ['b/2', 'a', 'b/1', 'c']) await thread.set(key, key);
    await thread.set('a', null);
    await thread.delete('c');
    await thread.delete('nothing');
    return {
      all: (await thread.list()).map(({ key, value }) => [key, value]),
      under: (await thread.list({ prefix: 'b/' })).map(({ key }) => key),
      first: (await thread.list({ limit: 1 })).map(({ key }) => key),
      none: (await thread.get('c')) === undefined,
    };
  });
  expect(result).toEqual({
    all: [
      ['a', null],
      ['b/1', 'b/1'],
      ['b/2', 'b/2'],
    ],
    under: ['b/1', 'b/2'],
    first: ['a'],
    none: true,
  });
});

test('a principal keeps maxMemoryEntries values, and not one more', async () => {
  const { server, use } = await withMemory({ limits: { maxMemoryEntries: 3 } });
  await using _ = server;
  const refused = await use('ann', async ({ principal }) => {
    for (const key of ['a', 'b', 'c']) await principal.set(key, 1);
    await principal.set('c', 2);
    await principal.set('d', 1);
  });
  expect(refused.error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('3 entries') });
  const after = await use('ann', async ({ principal, thread }) => {
    // Another holder has room of its own, and what is deleted makes room.
    await thread.set('d', 1);
    await principal.delete('a');
    await principal.set('d', 1);
    return (await principal.list()).map(({ key, value }) => [key, value]);
  });
  expect(after.result).toEqual([
    ['b', 1],
    ['c', 2],
    ['d', 1],
  ]);
});

test('a value has at most maxMemoryValueBytes as JSON', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  // Two quotes, and two bytes for each of them.
  const largest = 'é'.repeat((16 * 1024 - 2) / 2);
  expect((await use('ann', async ({ principal }) => principal.set('k', largest))).error).toBeUndefined();
  const refused = await use('ann', async ({ principal }) => principal.set('k', `${largest}x`));
  expect(refused.error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('16384 bytes') });
  expect((await use('ann', async ({ principal }) => ((await principal.get('k')) as string).length)).result).toBe(largest.length);
});

test.each<[string, (memory: Memory) => Promise<unknown>]>([
  ['an empty key', ({ thread }) => thread.set('', 1)],
  ['a key of 201 characters', ({ thread }) => thread.set('k'.repeat(201), 1)],
  ['half of a character in a key', ({ thread }) => thread.set('\ud800', 1)],
  ['a value that is no JSON', ({ thread }) => thread.set('k', new Date() as never)],
  ['no value', ({ thread }) => thread.set('k', undefined as never)],
])('%s is BAD_INPUT, and nothing is kept', async (_name, does) => {
  const { server, use } = await withMemory();
  await using _ = server;
  const { error, threadId } = await use('ann', does);
  expect(error).toMatchObject({ code: 'BAD_INPUT' });
  expect((await use('ann', everything, threadId)).result).toEqual({ principal: [], thread: [] });
});

test('a thread takes its memory along when it is deleted; that of the principal stays', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  const { threadId } = await use('ann', async (memory) => {
    await memory.thread.set('a', 1);
    await memory.principal.set('b', 2);
  });
  const client = server.as('ann').client();
  await client.threads.delete({ threadId });
  await expect(client.memory.list({ threadId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await client.memory.list()).items).toMatchObject([{ key: 'b', value: 2 }]);
});

test('a tool that outlives its thread keeps nothing for it', async () => {
  const gone = gate();
  const tried = gate();
  let late: unknown;
  const model = scriptedModel([{ toolCalls: [{ name: 'late' }] }]);
  const tool = defineTool({
    name: 'late',
    description: 'Outlives its thread',
    input: z.object({}),
    output: z.object({}),
    async execute(_input, { memory }) {
      await gone.opened;
      late = await memory.thread.set('k', 1).catch((error: unknown) => error);
      tried.open();
      return {};
    },
  });
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, tools: [tool] }) } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await until(run, 'tool.called');
  await client.threads.delete({ threadId: run.threadId });
  gone.open();
  await tried.opened;
  expect(late).toMatchObject({ code: 'NOT_FOUND' });
});

test('a fork begins with a copy of its thread’s memory', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  const { threadId } = await use('ann', async ({ thread }) => thread.set('topic', 'tea'));
  const fork = await server.as('ann').client().threads.fork({ threadId });
  const inFork = await use(
    'ann',
    async ({ thread }) => {
      const before = await thread.get('topic');
      await thread.set('topic', 'coffee');
      return before;
    },
    fork.id,
  );
  expect(inFork.result).toBe('tea');
  expect((await use('ann', ({ thread }) => thread.get('topic'), threadId)).result).toBe('tea');
  expect((await use('ann', ({ thread }) => thread.get('topic'), fork.id)).result).toBe('coffee');
});

test('its owner sees what is kept, page by page, and has it removed: one entry, or all of it', async () => {
  const { server, use } = await withMemory();
  await using _ = server;
  const { threadId } = await use('ann', async (memory) => {
    for (const key of ['a', 'b', 'c', 'ä']) await memory.principal.set(key, key);
    await memory.thread.set('t', 1);
  });
  await use('bob', async (memory) => memory.principal.set('a', 'of bob'));
  const client = server.as('ann').client();
  const first = await client.memory.list({ limit: 3 });
  expect(first.items).toMatchObject([{ key: 'a', value: 'a', updatedAt: expect.any(Number) }, { key: 'b' }, { key: 'c' }]);
  const second = await client.memory.list({ limit: 3, pageToken: first.nextPageToken ?? '' });
  expect(second).toEqual({ items: [{ key: 'ä', value: 'ä', updatedAt: expect.any(Number) }] });
  expect((await client.memory.list({ prefix: 'b' })).items).toMatchObject([{ key: 'b' }]);
  expect(await client.memory.delete({ key: 'b' })).toEqual({ deleted: 1 });
  expect(await client.memory.delete({ key: 'b' })).toEqual({ deleted: 0 });
  expect(await client.memory.clear()).toEqual({ deleted: 3 });
  expect((await client.memory.list()).items).toEqual([]);
  expect((await client.memory.list({ threadId })).items).toMatchObject([{ key: 't', value: 1 }]);
  expect(await client.memory.clear({ threadId })).toEqual({ deleted: 1 });
  expect((await server.as('bob').client().memory.list()).items).toMatchObject([{ value: 'of bob' }]);
  await expect(client.memory.list({ pageToken: '!' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('instructions and contexts have the memory too', async () => {
  const model = scriptedModel([{ text: 'ok' }, { text: 'ok' }]);
  const bot = defineAgent({
    description: 'bot',
    model,
    context: async ({ memory }) => {
      const visits = Number((await memory.principal.get('visits')) ?? 0) + 1;
      await memory.principal.set('visits', visits);
      return { visits };
    },
    instructions: async ({ context, memory }) => `visit ${context.visits} of ${await memory.principal.get('visits')}`,
  });
  await using server = await createTestServer({ agents: { bot } });
  for (let visit = 1; visit <= 2; visit++) await (await server.client().send({ agent: 'bot', text: 'hi' })).result();
  expect(model.requests.map((request) => request.instructions)).toEqual(['visit 1 of 1', 'visit 2 of 2']);
});

test('a generator agent has the memory', async () => {
  const bot = defineAgent({
    description: 'bot',
    run: async function* ({ memory }) {
      const times = Number((await memory.thread.get('times')) ?? 0) + 1;
      await memory.thread.set('times', times);
      yield { type: 'text.delta', delta: `time ${times}` };
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.text()).toBe('time 1');
  expect(await (await server.client().send({ agent: 'bot', text: 'hi', threadId: run.threadId })).text()).toBe('time 2');
});

test('by memoryTools a model remembers, recalls and forgets', async () => {
  const model = scriptedModel([
    {
      toolCalls: [
        { name: 'user_remember', input: { key: 'colour', value: 'blue' } },
        { name: 'remember', input: { key: 'topic', value: 'tea' } },
      ],
    },
    { text: 'noted' },
    { toolCalls: [{ name: 'user_recall' }, { name: 'recall' }] },
    { toolCalls: [{ name: 'user_forget', input: { key: 'colour' } }] },
    { toolCalls: [{ name: 'user_recall', input: { prefix: 'col' } }] },
    { text: 'done' },
  ]);
  const tools = [...memoryTools({ scope: 'principal', prefix: 'user_' }), ...memoryTools({ scope: 'thread' })] as const;
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, tools }) } });
  const client = server.client();
  await (await client.send({ agent: 'bot', text: 'I like blue' })).result();
  await (await client.send({ agent: 'bot', text: 'What do I like?' })).result();
  const results = model.requests.map((request) => request.messages.flatMap((turn) => (turn.role === 'tool' ? [turn.output] : [])));
  expect(results[3]).toEqual([
    { entries: [{ key: 'colour', value: 'blue' }], more: false },
    // Another thread.
    { entries: [], more: false },
  ]);
  expect(results[5]?.at(-1)).toEqual({ entries: [], more: false });
});

test('recall gives as much as a model can read, and says when there is more', async () => {
  const value = 'x'.repeat(10_000);
  const model = scriptedModel([{ toolCalls: [{ name: 'fill' }] }, { toolCalls: [{ name: 'recall' }] }, { text: 'done' }]);
  const fill = defineTool({
    name: 'fill',
    description: 'Fills',
    input: z.object({}),
    output: z.object({}),
    async execute(_input, { memory }) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) await memory.thread.set(key, value);
      return {};
    },
  });
  const tools = [fill, ...memoryTools({ scope: 'thread' })] as const;
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: 'bot', model, tools }) } });
  await (await server.client().send({ agent: 'bot', text: 'go' })).result();
  expect(model.requests[2]?.messages.at(-1)).toMatchObject({
    output: { entries: [{ key: 'a' }, { key: 'b' }, { key: 'c' }], more: true },
  });
});
