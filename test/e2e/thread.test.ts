import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, type InferApi, offline } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';

const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Find an order by its number',
  input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string(), total: z.number() }),
  execute: async ({ orderId }) => ({ status: `${orderId} shipped`, total: 42 }),
});
const agents = {
  support: defineAgent({ description: 'Support', model: offline(), instructions: 'Help.', tools: [lookupOrder] }),
  counter: defineAgent({ description: 'Counts', model: offline() }),
};
type Api = InferApi<typeof agents>;

test('send, tool, answer: every event once, in order', async () => {
  const model = scriptedModel([{ toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] }, { text: 'It shipped.', chunks: 3 }]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const client = server.client<Api>();
  const run = await client.send({ agent: 'support', text: 'Where is order 42?' });
  const types: string[] = [];
  let previous = 0;
  for await (const event of run) {
    types.push(event.type);
    expect(event.firstSeq ?? event.seq).toBe(previous + 1);
    previous = event.seq;
    if (event.type === 'tool.called' && event.tool === 'lookup_order') expect(event.input.orderId).toBe('42');
  }
  expect(types.filter((type) => type !== 'text.delta')).toEqual([
    'message.received',
    'run.started',
    'message.started',
    'message.completed',
    'tool.called',
    'tool.completed',
    'message.started',
    'message.completed',
    'run.completed',
  ]);
  expect(await run.result()).toMatchObject({ text: 'It shipped.', status: 'completed' });
  expect(model.requests[1]?.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'tool']);
});

test('a restart in mid-answer: the reader goes on, the text is whole', async () => {
  process.env.VERBATIM_OFFLINE_TPS = '200';
  await using server = await createTestServer({ agents });
  const client = server.client<Api>();
  const run = await client.send({ agent: 'counter', text: 'count to 100' });
  let previous = 0;
  let restarted: Promise<void> | undefined;
  const seen: string[] = [];
  for await (const event of run) {
    expect(event.firstSeq ?? event.seq).toBe(previous + 1);
    previous = event.seq;
    seen.push(event.type);
    if (event.type === 'text.delta' && restarted === undefined) restarted = server.restart();
  }
  await restarted;
  expect(seen).toContain('message.discarded');
  expect(seen).toContain('run.resumed');
  const { text } = await run.result();
  expect(text).toBe(Array.from({ length: 100 }, (_, i) => i + 1).join(' '));
});
