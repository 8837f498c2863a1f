import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool, type Tool, toolFile } from '../../src/agents/defineTool.ts';
import type { AgentContract } from '../../src/client/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import type { Limits } from '../../src/protocol/limits.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { filesIn } from '../server/storedFiles.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { PNG, pngOf } from '../support/sampleFiles.ts';
import { eventsOf, expectSoundLog, gate } from './runSupport.ts';

checkLeaks();

type Api = { readonly bot: AgentContract };

const toolOf = (execute: () => unknown, options = {}): Tool =>
  defineTool({
    name: 'act',
    description: '',
    input: z.object({}),
    output: z.object({ text: z.string() }),
    ...options,
    execute: execute as never,
  });

/** A server on a file whose model calls the tool once. */
async function serve(tool: Tool, limits: Partial<Limits> = {}) {
  const database = join(tempFolder(), 'v.db');
  const model = scriptedModel([{ toolCalls: [{ name: 'act' }] }, { text: 'so be it' }]);
  const bot = defineAgent({ description: '', model, tools: [tool] });
  const server = await createTestServer({ agents: { bot }, models: { bot: model }, limits, database });
  const client = server.client<Api>();
  const told = () => model.requests[1]?.messages.find((message) => message.role === 'tool');
  return { server, client, told, database };
}

const fileEvent = (events: readonly AnyEvent[]) => {
  const event = events.find(({ type }) => type === 'tool.file');
  if (event?.type !== 'tool.file') throw new Error('no tool.file');
  return event;
};

test('a file that a tool makes is fetched by its id; its event and the model are told what it is', async () => {
  const bytes = pngOf(600_000);
  const { server, client, told } = await serve(toolOf(() => toolFile(bytes, { name: '../chart.png' })));
  await using _ = server;
  const run = await client.send({ agent: 'bot', text: 'go' });
  const events = await eventsOf(run);
  expectSoundLog(events);
  const { file, preview } = fileEvent(events);
  expect(file).toEqual({ id: expect.any(String), type: 'image/png', size: 600_000, name: 'chart.png' });
  expect(preview).toBe('image/png, 600,000 bytes');
  expect(events.some(({ type }) => type === 'tool.completed')).toBe(false);
  expect(await client.run(run.id).result()).toMatchObject({ text: 'so be it', files: [file] });
  expect(Buffer.from(await (await client.files.download(file.id)).arrayBuffer()).equals(bytes)).toBe(true);
  expect(await client.files.get(file.id)).toMatchObject({ ...file, threadId: run.threadId });
  expect(told()).toMatchObject({ isError: false, output: { preview, file: { type: 'image/png', size: 600_000 } } });
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items[1]).toMatchObject({ toolCalls: [{ status: 'completed', output: preview, file }] });
});

test('it is the thread’s owner’s, and nobody else’s', async () => {
  const { server } = await serve(toolOf(() => toolFile(PNG)));
  await using _ = server;
  const ann = server.as('ann').client<Api>();
  const { file } = fileEvent(await eventsOf(await ann.send({ agent: 'bot', text: 'go' })));
  await expect(server.as('bob').client<Api>().files.download(file.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await ann.files.download(file.id)).status).toBe(200);
});

describe('a large result', () => {
  const sized = (size: number) => ({ text: 'ü'.repeat(Math.floor((size - 11) / 2)) + 'x'.repeat((size - 11) % 2) });

  test('JSON of exactly maxToolOutputBytes is in the event, of one byte more is a file', async () => {
    for (const [size, type] of [
      [64 * 1024, 'tool.completed'],
      [64 * 1024 + 1, 'tool.file'],
    ] as const) {
      const { server, client } = await serve(toolOf(() => sized(size)));
      await using _ = server;
      const events = await eventsOf(await client.send({ agent: 'bot', text: 'go' }));
      const outcomes = events.filter((event) => event.type === 'tool.completed' || event.type === 'tool.file');
      expect(outcomes.map((event) => event.type)).toEqual([type]);
    }
  });

  test('that is a file begins in its preview, and is all there', async () => {
    const value = sized(1_000_001);
    const { server, client, told } = await serve(toolOf(() => value));
    await using _ = server;
    const { file, preview } = fileEvent(await eventsOf(await client.send({ agent: 'bot', text: 'go' })));
    expect(file).toMatchObject({ type: 'application/json', size: 1_000_001 });
    expect(JSON.stringify(value).startsWith(preview)).toBe(true);
    expect(Buffer.byteLength(preview)).toBeLessThanOrEqual(2_048);
    expect(Buffer.byteLength(preview)).toBeGreaterThan(2_040);
    expect(await (await client.files.download(file.id)).json()).toEqual(value);
    expect(JSON.stringify(told()).length).toBeLessThan(4_000);
  });
});

describe('what does not fit', () => {
  test.each<[name: string, limits: Partial<Limits>, result: unknown]>([
    ['JSON of more than maxFileBytes', { maxFileBytes: 100_000 }, { text: 'x'.repeat(100_000) }],
    ['a file of more than maxFileBytes', { maxFileBytes: 100_000 }, toolFile(pngOf(100_001))],
    ['a file for which its owner has no room', { maxFileBytesPerPrincipal: 100_000 }, toolFile(pngOf(100_001))],
  ])('%s is OUTPUT_TOO_LARGE, and nothing of it is left', async (_name, limits, result) => {
    const { server, client, told, database } = await serve(
      toolOf(() => result),
      limits,
    );
    await using _ = server;
    const events = await eventsOf(await client.send({ agent: 'bot', text: 'go' }));
    expect(events.find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'OUTPUT_TOO_LARGE' } });
    expect(told()).toMatchObject({ isError: true });
    await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: 0, incomplete: 0, chunks: 0 }));
  });
});

test('a file goes with its thread, but for one that a fork refers to: that goes with the fork', async () => {
  const { server, client, database } = await serve(toolOf(() => toolFile(pngOf(600_000))));
  await using _ = server;
  const run = await client.send({ agent: 'bot', text: 'go' });
  const { file } = fileEvent(await eventsOf(run));
  const fork = await client.threads.fork({ threadId: run.threadId });
  const secondFork = await client.threads.fork({ threadId: fork.id });
  await client.threads.delete({ threadId: run.threadId });
  expect(await client.files.get(file.id)).toMatchObject({ threadId: fork.id });
  await client.threads.delete({ threadId: fork.id });
  expect(await client.files.get(file.id)).toMatchObject({ threadId: secondFork.id });
  expect((await client.threads.messages({ threadId: secondFork.id })).items[1]).toMatchObject({ toolCalls: [{ file }] });
  await client.threads.delete({ threadId: secondFork.id });
  await expect(client.files.get(file.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: 0, incomplete: 0, chunks: 0 }));
});

test('one that comes too late is told to nobody, and is gone', async () => {
  const late = gate();
  const { server, client, database } = await serve(
    toolOf(
      async () => {
        await late.opened;
        return toolFile(pngOf(15_000_000));
      },
      { timeoutMs: 20 },
    ),
  );
  await using _ = server;
  const events = await eventsOf(await client.send({ agent: 'bot', text: 'go' }));
  expect(events.find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'TOOL_TIMEOUT' } });
  late.open();
  await vi.waitFor(() => expect(filesIn(database).incomplete).toBe(1), { interval: 1 });
  await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: 0, incomplete: 0, chunks: 0 }), { timeout: 5_000 });
  expect((await client.files.list()).items).toEqual([]);
});

test('a crash about when its event is written leaves both of them or neither, and makes no call twice', async () => {
  let calls = 0;
  const { server, client, database } = await serve(
    toolOf(() => {
      calls++;
      return toolFile(pngOf(600_000));
    }),
  );
  await using _ = server;
  const run = await client.send({ agent: 'bot', text: 'go' });
  await vi.waitFor(() => expect(filesIn(database).chunks).toBe(3), { interval: 1 });
  await server.crash();
  const events = await eventsOf(run);
  const outcome = events.find((event) => event.type === 'tool.failed' || event.type === 'tool.file');
  expect(calls).toBe(1);
  const kept = outcome?.type === 'tool.file' ? 1 : 0;
  await vi.waitFor(() => expect(filesIn(database)).toMatchObject({ complete: kept, incomplete: 0, strayChunks: 0 }));
});

test('a generator may yield a file, or more than an event holds', async () => {
  const tool = toolOf(() => ({ text: '' }));
  const bot = defineAgent({
    description: '',
    tools: [tool],
    run: async function* () {
      for (const [callId, output] of [
        ['a', toolFile(PNG)],
        ['b', { text: 'x'.repeat(100_000) }],
      ] as const) {
        yield { type: 'tool.called', callId, tool: 'act', input: {} };
        yield { type: 'tool.completed', callId, output };
      }
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const events = await eventsOf(await server.client<Api>().send({ agent: 'bot', text: 'go' }));
  expect(events.flatMap((event) => (event.type === 'tool.file' ? [event.file.type] : []))).toEqual(['image/png', 'application/json']);
});
