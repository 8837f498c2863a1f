import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test.each<[asked: object, sent: object]>([
  [{}, { temperature: 0.3, maxOutputTokens: 100 }],
  [
    { temperature: 0.5, maxOutputTokens: 50 },
    { temperature: 0.5, maxOutputTokens: 50 },
  ],
  [
    { temperature: 2, maxOutputTokens: 5_000 },
    { temperature: 1, maxOutputTokens: 100 },
  ],
  [{ temperature: 0 }, { temperature: 0, maxOutputTokens: 100 }],
])('options %j are bounded by the agent: %j', async (options, sent) => {
  const model = scriptedModel([{ text: 'ok' }]);
  const bot = defineAgent({ description: '', model, temperature: 0.3, maxTemperature: 1, maxOutputTokens: 100 });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'hi', options });
  await run.result();
  expect(model.requests[0]?.options).toEqual(sent);
});

test.each<[options: object]>([[{ temperature: -0.1 }], [{ temperature: 2.1 }], [{ maxOutputTokens: 0 }], [{ maxOutputTokens: 1.5 }]])(
  'options %j are refused',
  async (options) => {
    await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model: scriptedModel([]) }) } });
    await expect(server.client().send({ agent: 'bot', text: 'hi', options })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  },
);

const contextual = () => {
  const model = scriptedModel([{ waitFor: new Promise(() => {}) }, { text: 'ok' }]);
  const bot = defineAgent({
    description: '',
    model,
    contextInput: z.object({ name: z.string(), tier: z.enum(['free', 'paid']).default('free') }),
    instructions: ({ context, principal }) => `${principal.id} is ${context.name}, ${context.tier}`,
  });
  return { model, agents: { bot } };
};
type Api = InferApi<ReturnType<typeof contextual>['agents']>;

test('context is parsed, stored with the run, and the same after a restart', async () => {
  const { model, agents } = contextual();
  await using server = await createTestServer({ agents, models: { bot: model } });
  const run = await server.client<Api>().send({ agent: 'bot', text: 'hi', context: { name: 'Ann' } });
  await vi.waitFor(() => expect(model.requests).toHaveLength(1));
  await server.crash();
  await run.result();
  expect(model.requests.map((request) => request.instructions)).toEqual(['local is Ann, free', 'local is Ann, free']);
});

test('context that does not fit is refused, and nothing is stored', async () => {
  const { agents } = contextual();
  await using server = await createTestServer({ agents });
  const client = server.client<Api>();
  const wrong = client.send({ agent: 'bot', text: 'hi', context: { name: 1 as never } });
  await expect(wrong).rejects.toMatchObject({ code: 'BAD_INPUT', details: { issues: [{ path: 'context' }] } });
  await expect(client.send({ agent: 'bot', text: 'hi' } as never)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  expect((await client.threads.list()).items).toEqual([]);
});

test('an agent without a context takes none', async () => {
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model: scriptedModel([]) }) } });
  const client = server.client();
  await expect(client.send({ agent: 'bot', text: 'hi', context: {} } as never)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});
