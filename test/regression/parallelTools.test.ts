import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaks();

test('twenty tool calls at once are not reported as a leak', async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  try {
    const gate = closedGate();
    let calls = 0;
    const tool = defineTool({
      name: 'wait',
      description: 'waits for the others',
      input: z.object({}),
      output: z.boolean(),
      execute: async () => {
        if (++calls === 20) gate.open();
        await gate.opened;
        return true;
      },
    });
    const model = scriptedModel([{ toolCalls: Array.from({ length: 20 }, () => ({ name: 'wait' })) }, { text: 'Done.' }]);
    await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model, tools: [tool] }) } });
    const run = await server.client().send({ agent: 'a', text: 'go' });
    expect((await run.result()).status).toBe('completed');
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', onWarning);
  }
});
