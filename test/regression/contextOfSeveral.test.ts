import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { gate, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

function twoAgents() {
  const [one, two] = ['one', 'two'].map((name) => scriptedModel([1, 2, 3].map((n) => ({ text: `${name} ${n}` }))));
  const agents = {
    one: defineAgent({ description: '', model: one ?? scriptedModel([]), contextInput: z.object({ locale: z.string() }) }),
    two: defineAgent({
      description: '',
      model: two ?? scriptedModel([]),
      contextInput: z.object({ locale: z.string(), plan: z.string() }),
      instructions: ({ context }) => `plan ${context.plan}`,
    }),
  };
  return { agents, two };
}

// The root run kept the context as the first agent takes it, and the others were later given that.
test('several agents that are asked again, or in an edit, get the context that was sent, each what it takes of it', async () => {
  const { agents, two } = twoAgents();
  await using server = await createTestServer({ agents });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agents: ['one', 'two'], text: 'hi', context: { locale: 'de', plan: 'pro' } });
  expect(await run.result()).toMatchObject({ status: 'completed' });
  const again = await run.retry();
  expect(await again.result()).toMatchObject({ status: 'completed' });
  const edited = await client.messages.edit({ messageId: run.messageId, text: 'hello' });
  expect(await edited.result()).toMatchObject({ status: 'completed' });
  expect(two?.requests.map((request) => request.instructions)).toEqual(['plan pro', 'plan pro', 'plan pro']);
});

test('what is steered to several agents comes with the context of each', async () => {
  const held = gate();
  const { agents } = twoAgents();
  const two = scriptedModel([{ text: 'first', waitFor: held.opened }, { text: 'second' }]);
  await using server = await createTestServer({ agents, models: { two } });
  const client = server.client<InferApi<typeof agents>>();
  const run = await client.send({ agents: ['one', 'two'], text: 'hi', context: { locale: 'de', plan: 'pro' } });
  await until(run, 'message.started');
  const steered = await client.send({
    agents: ['one', 'two'],
    text: 'also',
    context: { locale: 'de', plan: 'pro' },
    threadId: run.threadId,
    whenBusy: 'steer',
  });
  expect(steered.receipt.disposition).toBe('steered');
  held.open();
  expect(await run.result()).toMatchObject({ status: 'completed' });
  expect(two.requests.map((request) => request.instructions)).toEqual(['plan pro', 'plan pro']);
});
