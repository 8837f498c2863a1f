import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const tool = (name: 'basic' | 'extra') =>
  defineTool({ name, description: '', input: z.object({}), output: z.string(), execute: () => name });

test('tools and model are chosen by who asks', async () => {
  const [cheap, good] = [
    scriptedModel([{ text: 'cheap' }], { name: 'cheap' }),
    scriptedModel([{ toolCalls: [{ name: 'extra' }] }, { text: 'good' }], { name: 'good' }),
  ];
  const bot = defineAgent({
    description: '',
    model: ({ principal }) => (principal.tier === 'premium' ? good : cheap),
    tools: ({ principal }) => (principal.tier === 'premium' ? [tool('basic'), tool('extra')] : [tool('basic')]),
  });
  await using server = await createTestServer({ agents: { bot } });
  expect(await (await server.as('ada').client().send({ agent: 'bot', text: 'go' })).text()).toBe('cheap');
  expect(await (await server.as({ id: 'bob', tier: 'premium' }).client().send({ agent: 'bot', text: 'go' })).text()).toBe('good');
  expect(cheap.requests[0]?.tools.map(({ name }) => name)).toEqual(['basic']);
  expect(good.requests[0]?.tools.map(({ name }) => name)).toEqual(['basic', 'extra']);
});

test('a function that throws fails the run with a short sentence, and its cause is not in it', async () => {
  const bot = defineAgent({
    description: '',
    model: scriptedModel([]),
    tools: (): [] => {
      throw new Error('secret of the database');
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const result = await (await server.client().send({ agent: 'bot', text: 'go' })).result();
  expect(result).toMatchObject({ status: 'failed', error: { code: 'AGENT_FAILED' } });
  expect(JSON.stringify(result)).not.toContain('secret');
});
