import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test('a name that a model made up is sent back in a form that every provider accepts', async () => {
  const names = ['functions.lookup', 'x'.repeat(200), 'größe 1', ''];
  const model = scriptedModel([{ toolCalls: names.map((name) => ({ name })) }, { text: 'Sorry.' }]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model }) } });
  const run = await server.client().send({ agent: 'a', text: 'look' });
  expect((await run.result()).status).toBe('completed');
  const sent = (model.requests[1]?.messages ?? []).flatMap((message) => {
    if (message.role === 'assistant') return message.toolCalls.map((call) => call.tool);
    return message.role === 'tool' ? [message.tool] : [];
  });
  expect(sent).toHaveLength(8);
  for (const name of sent) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
});
