import { createTestServer, scriptedModel } from 'verbatim-agents/testing';
import { expect, test } from 'vitest';
import { type Api, agents } from '../src/agents.ts';

test('an order is looked up before anything is said about it', async () => {
  const model = scriptedModel([{ toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] }, { text: 'Order 42 is on its way.' }]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const run = await server.client<Api>().send({ agent: 'support', text: 'Where is order 42?' });

  expect(await run.text()).toBe('Order 42 is on its way.');
  // What the model was told: what the tool found.
  expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', output: { status: 'on its way', total: 30 } });
});

test('an order that is not there is told to the model', async () => {
  const model = scriptedModel([{ toolCalls: [{ name: 'lookup_order', input: { orderId: '7' } }] }, { text: 'I cannot find it.' }]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const run = await server.client<Api>().send({ agent: 'support', text: 'Where is order 7?' });

  expect(await run.result()).toMatchObject({ status: 'completed', text: 'I cannot find it.' });
  expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain('There is no order 7.');
});
