import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

async function resultOf(generate: () => AsyncGenerator<never>) {
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', run: generate }) } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  return await run.result();
}

const used = (inputTokens: number, usage: object = {}) =>
  ({ type: 'usage', model: 'small', usage: { inputTokens, outputTokens: 2, ...usage } }) as never;

test('what a custom agent reports counts for its run, before, within and after a message', async () => {
  const { usage } = await resultOf(async function* () {
    yield used(1);
    yield { type: 'text.delta', delta: 'a' } as never;
    yield used(10, { cachedTokens: 5, reasoningTokens: undefined });
    yield { type: 'message.completed' } as never;
    yield used(100, { estimated: true });
  });
  expect(usage).toMatchObject({ inputTokens: 111, outputTokens: 6, cachedTokens: 5, estimated: true });
  expect(usage).not.toHaveProperty('reasoningTokens');
});

test('it counts though the agent fails', async () => {
  const { usage, status } = await resultOf(async function* () {
    yield used(7);
    throw new Error('no');
  });
  expect({ usage, status }).toMatchObject({ status: 'failed', usage: { inputTokens: 7, outputTokens: 2 } });
});

test.each([-1, 0.5, '1'])('%j tokens are no usage', async (tokens) => {
  const { error } = await resultOf(async function* () {
    yield used(tokens as number);
  });
  expect(error).toMatchObject({ code: 'AGENT_BAD_EVENT' });
});
