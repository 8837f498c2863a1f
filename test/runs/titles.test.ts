import { describe, expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Logger } from '../../src/server/serverOptions.ts';
import { createTestServer, type ScriptedStep, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, logOf } from './runSupport.ts';

checkLeaks();

const never = new Promise<void>(() => {});

async function titling(steps: readonly ScriptedStep[], options: Partial<TestServerOptions> = {}) {
  const titles = scriptedModel(steps, { name: 'titles' });
  const model = scriptedModel(Array.from({ length: 20 }, (_, index) => ({ text: `answer ${index + 1}` })));
  const bot = defineAgent({ description: 'bot', model });
  const server = await createTestServer({ agents: { bot }, titles: { model: titles }, ...options });
  const client = server.client();
  const ask = async (text: string, threadId?: string) => {
    const run = await client.send({ agent: 'bot', text, ...(threadId !== undefined && { threadId }) });
    await run.result();
    return run.threadId;
  };
  const titleOf = async (threadId: string) => (await client.threads.get({ threadId })).title;
  return { titles, server, client, ask, titleOf };
}

test('a thread without one gets a title after its first answer, in the background and without an event', async () => {
  const { titles, server, client, ask, titleOf } = await titling([{ text: '"Making green tea."\n\nI hope you like it.' }]);
  await using _ = server;
  const threadId = await ask('How do I make green tea?');
  await vi.waitFor(async () => expect(await titleOf(threadId)).toBe('Making green tea'));
  expect((await client.threads.list({ search: 'green' })).items).toMatchObject([{ id: threadId, title: 'Making green tea' }]);
  expect(titles.requests[0]?.messages).toEqual([{ role: 'user', text: 'User: How do I make green tea?\n\nAssistant: answer 1' }]);
  const log = await logOf(client, threadId);
  expect(log.at(-1)?.type).toBe('run.completed');
  expectSoundLog(log);
  // One is enough.
  await ask('And black tea?', threadId);
  expect(titles.requests).toHaveLength(1);
});

test('nobody waits for it: the next run begins while it is being made', async () => {
  const { titles, server, ask, titleOf } = await titling([{ waitFor: never }]);
  await using _ = server;
  const threadId = await ask('one');
  await vi.waitFor(() => expect(titles.requests).toHaveLength(1));
  await ask('two', threadId);
  expect(await titleOf(threadId)).toBeNull();
  // The server closes without waiting for it either.
});

test('a thread with a title keeps it, also one that it was given meanwhile', async () => {
  let give = (): void => {};
  const asked = new Promise<void>((resolve) => {
    give = resolve;
  });
  const { titles, server, client, ask, titleOf } = await titling([{ text: 'Of the model', waitFor: asked }, { text: 'Of the model' }]);
  await using _ = server;
  const { id } = await client.threads.create({ title: 'Mine' });
  await ask('one', id);
  expect(titles.requests).toHaveLength(0);
  const threadId = await ask('one');
  await vi.waitFor(() => expect(titles.requests).toHaveLength(1));
  await client.threads.update({ threadId, title: 'Mine too' });
  give();
  // Another thread gets one after that.
  const other = await ask('two');
  await vi.waitFor(async () => expect(await titleOf(other)).toBe('Of the model'));
  expect(await titleOf(threadId)).toBe('Mine too');
});

describe('what kept it from being made is made up for at the next answer', () => {
  test('a failure, which is only logged', async () => {
    const lines: string[] = [];
    const logger: Logger = { info: () => {}, warn: (_fields, message) => lines.push(message), error: () => {} };
    const { server, ask, titleOf } = await titling([{ error: 'overloaded' }, { text: 'A title' }], { logger });
    await using _ = server;
    const threadId = await ask('one');
    await vi.waitFor(() => expect(lines).toEqual(['a thread could not be given a title']));
    await ask('two', threadId);
    await vi.waitFor(async () => expect(await titleOf(threadId)).toBe('A title'));
  });

  test('a crash', async () => {
    const { titles, server, ask, titleOf } = await titling([{ waitFor: never }, { text: 'A title' }]);
    await using _ = server;
    const threadId = await ask('one');
    await vi.waitFor(() => expect(titles.requests).toHaveLength(1));
    await server.crash();
    expect(await titleOf(threadId)).toBeNull();
    await ask('two', threadId);
    await vi.waitFor(async () => expect(await titleOf(threadId)).toBe('A title'));
    expect(titles.requests[1]?.messages).toEqual([{ role: 'user', text: 'User: one\n\nAssistant: answer 1' }]);
  });
});

test('a run that failed or was cancelled gives none', async () => {
  const titles = scriptedModel([], { name: 'titles' });
  const bot = defineAgent({
    description: 'bot',
    model: scriptedModel([
      { text: 'half', error: 'no' },
      { text: 'half', until: never },
    ]),
  });
  await using server = await createTestServer({ agents: { bot }, titles: { model: titles } });
  const failed = await server.client().send({ agent: 'bot', text: 'one' });
  await failed.result();
  const cancelled = await server.client().send({ agent: 'bot', text: 'two' });
  for await (const event of cancelled) if (event.type === 'text.delta') await cancelled.cancel();
  expect((await eventsOf(cancelled)).at(-1)?.type).toBe('run.cancelled');
  await server.restart();
  expect(titles.requests).toHaveLength(0);
});

test('true takes the model of the agent that answered, and none of a generator', async () => {
  const model = scriptedModel([{ text: 'answer' }, { text: 'A title' }]);
  const bot = defineAgent({ description: 'bot', model });
  const own = defineAgent({
    description: 'own',
    run: async function* () {
      yield { type: 'text.delta', delta: 'answer' };
    },
  });
  await using server = await createTestServer({ agents: { bot, own }, titles: true });
  const client = server.client();
  const plain = await client.send({ agent: 'own', text: 'hi' });
  await plain.result();
  const run = await client.send({ agent: 'bot', text: 'hi' });
  await run.result();
  await vi.waitFor(async () => expect((await client.threads.get({ threadId: run.threadId })).title).toBe('A title'));
  expect((await client.threads.get({ threadId: plain.threadId })).title).toBeNull();
});

test('its model sees what guards made of a message', async () => {
  const titles = scriptedModel([{ text: 'A number' }], { name: 'titles' });
  const mask = { name: 'mask', blocking: true, check: () => ({ verdict: 'rewrite', text: 'My number is [masked]' }) as const };
  const bot = defineAgent({ description: 'bot', model: scriptedModel([{ text: 'Thanks' }]), guards: { input: [mask] } });
  await using server = await createTestServer({ agents: { bot }, titles: { model: titles } });
  await (await server.client().send({ agent: 'bot', text: 'My number is 4711' })).result();
  await vi.waitFor(() =>
    expect(titles.requests[0]?.messages).toMatchObject([{ text: 'User: My number is [masked]\n\nAssistant: Thanks' }]),
  );
});

test('a title that never ends is cut to maxTitleCodePoints', async () => {
  const { server, ask, titleOf } = await titling([{ text: '😀'.repeat(5_000), chunks: 100 }], { limits: { maxTitleCodePoints: 20 } });
  await using _ = server;
  const threadId = await ask('one');
  await vi.waitFor(async () => expect(await titleOf(threadId)).toBe('😀'.repeat(20)));
});

test('a model that takes too long is given up', async () => {
  const lines: { readonly err: { readonly code?: string } }[] = [];
  const logger: Logger = { info: () => {}, warn: (fields) => lines.push(fields as never), error: () => {} };
  const slow = scriptedModel([{ waitFor: never }], { name: 'titles' });
  const { server, ask } = await titling([], { titles: { model: slow, timeoutMs: 20 }, logger });
  await using _ = server;
  await ask('one');
  await vi.waitFor(() => expect(lines[0]?.err.code).toBe('MODEL_TIMEOUT'));
});
