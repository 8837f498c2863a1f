import { expect, test } from 'vitest';
import { z } from 'zod';
import { contractOf, hashContract } from '../../src/agents/contractOf.ts';
import { router } from '../../src/agents/router.ts';
import { type Agents, agentTool, defineAgent, defineTool, offline } from '../../src/index.ts';

const never = (): never => {
  throw new Error('A contract asks nobody.');
};
const refund = defineTool({
  name: 'refund',
  description: 'Refunds an order',
  needsApproval: { role: 'manager' },
  input: z.object({ orderId: z.string().describe('Its number'), amount: z.number().meta({ title: 'In euros' }) }),
  output: z.object({ refundId: z.string() }),
  progress: z.object({ percent: z.number() }),
  execute: never,
});
const pickFile = defineTool({
  name: 'pick_file',
  description: 'Asks for a file',
  input: z.object({}),
  output: z.object({ name: z.string() }),
});
const researcher = defineAgent({ description: 'Reads', model: offline(), instructions: never });
const billing = defineAgent({ description: 'Money', model: never, tools: [refund, pickFile], output: z.object({ total: z.number() }) });
const agents = {
  support: defineAgent({
    description: 'Helps',
    model: offline(),
    contextInput: z.object({ shop: z.string() }).optional(),
    context: never,
    handoffs: () => [billing],
    tools: [agentTool(researcher, { name: 'research', description: 'Reads for you', needsApproval: true })],
  }),
  billing,
  free: defineAgent({ description: 'Anything', model: offline(), tools: never }),
  chart: defineAgent({ description: 'Draws', data: { points: z.array(z.number()) }, run: never }),
  triage: router({ description: 'Chooses', agents: { billing }, route: never }),
} as unknown as Agents;

test('has everything that a client may know, with its descriptions, and calls nothing of the application', () => {
  const contract = contractOf(agents);
  expect(contract.agents.billing).toEqual({
    description: 'Money',
    kind: 'model',
    data: {},
    output: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
    tools: {
      pick_file: {
        description: 'Asks for a file',
        kind: 'client',
        input: { type: 'object', properties: {} },
        output: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      },
      refund: {
        description: 'Refunds an order',
        kind: 'execute',
        approval: true,
        input: {
          type: 'object',
          properties: { amount: { type: 'number', title: 'In euros' }, orderId: { type: 'string', description: 'Its number' } },
          required: ['amount', 'orderId'],
        },
        output: { type: 'object', properties: { refundId: { type: 'string' } }, required: ['refundId'] },
        progress: { type: 'object', properties: { percent: { type: 'number' } }, required: ['percent'] },
      },
    },
  });
  expect(contract.agents.support).toMatchObject({ contextOptional: true, context: { required: ['shop'] }, others: ['billing'] });
  expect(contract.agents.chart).toMatchObject({ kind: 'custom', data: { points: { type: 'array' } } });
  expect(contract.agents.triage).toMatchObject({ kind: 'router', others: ['billing'] });
});

test('has agents that only a tool knows, and says that no send can name them', () => {
  const { support, research } = contractOf(agents).agents;
  expect(support?.tools.research).toMatchObject({ kind: 'agents', asks: ['research'], approval: true, output: { type: 'string' } });
  expect(research).toMatchObject({ description: 'Reads', internal: true });
});

test('says where tools are chosen for each run', () => {
  const { free, billing } = contractOf(agents).agents;
  expect(free).toMatchObject({ toolsVary: true, tools: {} });
  expect(billing).not.toHaveProperty('toolsVary');
});

test('is the same text and the same hash in whatever order agents, tools and fields are written', () => {
  const tool = (input: z.ZodObject) =>
    defineTool({ name: 'find', description: 'Finds', input: input as z.ZodObject<Record<never, never>>, output: z.null(), execute: never });
  const one = contractOf({
    a: defineAgent({ description: 'A', model: offline(), tools: [tool(z.object({ x: z.string(), y: z.number() })), pickFile] }) as never,
    b: defineAgent({ description: 'B', model: offline() }) as never,
  });
  const other = contractOf({
    b: defineAgent({ description: 'B', model: offline() }) as never,
    a: defineAgent({ description: 'A', model: offline(), tools: [pickFile, tool(z.object({ y: z.number(), x: z.string() }))] }) as never,
  });
  expect(JSON.stringify(other)).toBe(JSON.stringify(one));
  expect(hashContract(other)).toBe(hashContract(one));
  expect(hashContract(one)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashContract(contractOf({ b: agents.billing as never }))).not.toBe(hashContract(one));
});
