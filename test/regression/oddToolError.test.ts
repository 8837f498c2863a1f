import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

test('a tool whose error cannot even say its message has failed, and the run goes on', async () => {
  const tool = defineTool({
    name: 'odd',
    description: 'throws',
    input: z.object({}),
    output: z.null(),
    execute: () => {
      throw Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('not this either');
        },
      });
    },
  });
  const model = scriptedModel([{ toolCalls: [{ name: 'odd' }] }, { text: 'Then not.' }]);
  await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model, tools: [tool] }) } });
  const run = await server.client().send({ agent: 'a', text: 'go' });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'Then not.' });
  const { items } = await server.client().threads.messages({ threadId: run.threadId });
  expect(items[1]).toMatchObject({ toolCalls: [{ status: 'failed', error: { code: 'TOOL_FAILED' } }] });
});
