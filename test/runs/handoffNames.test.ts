import { expect, test } from 'vitest';
import { z } from 'zod';
import { createServer, defineAgent, defineTool } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const billing = defineAgent({ description: 'Bills', model: scriptedModel([]) });
const tool = (name: string) => defineTool({ name, description: '', input: z.object({}), output: z.string(), execute: () => 'mine' });
const own = tool('transfer_to_billing');

test('a tool with the name of a handoff is refused when the server starts', async () => {
  const triage = defineAgent({ description: 'Sorts', model: scriptedModel([]), tools: [own], handoffs: [billing] });
  await expect(createServer({ agents: { triage, billing } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('The agent triage has a tool named transfer_to_billing'),
  });
});

test('where the tools are chosen for a run, the run fails', async () => {
  const model = scriptedModel([{ text: 'never' }]);
  const triage = defineAgent({ description: 'Sorts', model, tools: () => [own], handoffs: [billing] });
  const logged: unknown[] = [];
  const logger = { info() {}, warn() {}, error: (fields: object) => void logged.push('err' in fields && String(fields.err)) };
  await using server = await createTestServer({ agents: { triage, billing }, logger });
  const result = await (await server.client().send({ agent: 'triage', text: 'go' })).result();
  expect(result).toMatchObject({ status: 'failed', error: { code: 'AGENT_FAILED' } });
  expect(logged).toEqual(['TypeError: two tools are named transfer_to_billing']);
  expect(model.requests).toEqual([]);
});

test('an agent that hands over to nobody of that name may have such a tool', async () => {
  const triage = defineAgent({ description: 'Sorts', model: scriptedModel([]), tools: [tool('transfer_to_sales')], handoffs: [billing] });
  await (await createServer({ agents: { triage, billing } })).close();
});
