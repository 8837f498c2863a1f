import { createTestServer, scriptedModel } from 'verbatim-agents/testing';
import { expect, test } from 'vitest';
import { type Api, agents } from '../tools/agents.ts';

const context = { shop: 'Blue Bikes' };

test('the agent looks an order up and says how it stands', async () => {
  const model = scriptedModel([
    { toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] },
    { text: 'Order 42 is on its way.', chunks: 4 },
  ]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const client = server.client<Api>();
  const run = await client.send({ agent: 'support', text: 'Where is order 42?', context });

  expect(await run.text()).toBe('Order 42 is on its way.');
  // What the model was told: the instructions for this shop, and what the tool found.
  expect(model.requests[1]?.instructions).toContain('Blue Bikes');
  expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', output: { status: 'on its way', total: 30 } });
});

test('an order that is not there is told to the model, not to the user as a crash', async () => {
  const model = scriptedModel([
    { toolCalls: [{ name: 'lookup_order', input: { orderId: '7' } }] },
    ({ messages }) => ({ text: JSON.stringify(messages.at(-1)).includes('There is no order 7') ? 'I cannot find it.' : 'It is there.' }),
  ]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const run = await server.client<Api>().send({ agent: 'support', text: 'Where is order 7?', context });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'I cannot find it.' });
});

test('one customer does not see the thread of another', async () => {
  const model = scriptedModel([{ text: 'Hello.' }]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const run = await server.as('ann').client<Api>().send({ agent: 'support', text: 'Hi', context });
  await run.result();
  const other = server.as('bob').client<Api>();
  await expect(other.threads.get({ threadId: run.threadId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a deploy in mid-answer: the reader gets the whole text', async () => {
  const model = scriptedModel([
    { text: 'Half of it', until: new Promise(() => {}) },
    { text: 'All of the answer.', chunks: 3 },
  ]);
  await using server = await createTestServer({ agents, models: { support: model } });
  const run = await server.client<Api>().send({ agent: 'support', text: 'Hi', context });
  const types: string[] = [];
  for await (const event of run) {
    if (event.type === 'text.delta' && !types.includes('text.delta')) void server.restart();
    types.push(event.type);
  }
  expect(types).toContain('message.discarded');
  expect(await run.text()).toBe('All of the answer.');
});
