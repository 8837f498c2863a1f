import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const countWords = defineTool({
  name: 'count_words',
  description: 'counts words',
  input: z.object({}),
  output: z.record(z.string(), z.number()),
  execute: () => ({ constructor: 1, prototype: 2 }),
});

test('a thread whose tool gave back the keys `constructor` and `prototype` can be read', async () => {
  const model = scriptedModel([{ toolCalls: [{ name: 'count_words' }] }, { text: 'Two.' }]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model, tools: [countWords] }) } });
  const client = server.client();
  const run = await client.send({ agent: 'a', text: 'count' });
  await run.result();
  const { items } = await client.threads.messages({ threadId: run.threadId });
  expect(items[1]).toMatchObject({ toolCalls: [{ output: { constructor: 1, prototype: 2 } }] });
});

test('metadata with the key `constructor` does not take the list of threads away from its owner', async () => {
  const model = scriptedModel([]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model }) } });
  const response = await fetch(`${server.url}/trpc/threads.create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"json":{"metadata":{"constructor":1}}}',
  });
  expect(response.status).toBe(200);
  const { items } = await server.client().threads.list();
  expect(JSON.stringify(items.map((thread) => thread.metadata))).toBe('[{"constructor":1}]');
});
