import { expect, test } from 'vitest';
import { z } from 'zod';
import { contractOf } from '../../src/agents/contractOf.ts';
import { type Agents, defineAgent, defineTool, type InferApi, offline } from '../../src/index.ts';
import { createContractServer, type Script } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Finds an order',
  input: z.object({ orderId: z.string(), limit: z.number().default(10) }),
  output: z.object({ status: z.string() }),
  progress: z.object({ percent: z.number() }),
  execute: () => {
    throw new Error('The code of the team that has the agents.');
  },
});
const agents = {
  support: defineAgent({
    description: 'Helps',
    model: offline(),
    tools: [lookupOrder],
    contextInput: z.object({ shop: z.string() }),
  }),
  judge: defineAgent({ description: 'Judges', model: offline(), output: z.object({ verdict: z.enum(['yes', 'no']) }) }),
  chart: defineAgent({
    description: 'Draws',
    tools: [lookupOrder],
    data: { points: z.array(z.number()) },
    run: async function* () {},
  }),
};
type Api = InferApi<typeof agents>;
const contract = contractOf(agents as unknown as Agents);
const context = { shop: 'Blue Bikes' };

test('agents say what their scripts say, and tools answer what the scripts let them', async () => {
  const support: Script<Api['support']> = [
    {
      toolCalls: [
        { name: 'lookup_order', input: { orderId: '42', limit: 10 }, progress: [{ percent: 50 }], output: { status: 'sent' } },
        { name: 'lookup_order', input: { orderId: '43', limit: 10 }, error: 'There is no order 43.' },
      ],
    },
    { text: 'Order 42 was sent.', chunks: 3 },
  ];
  await using server = await createContractServer({ contract, agents: { support } });
  const run = await server.client<Api>().send({ agent: 'support', text: 'Where are my orders?', context });
  const seen: unknown[] = [];
  for await (const event of run) {
    if (event.type === 'tool.progress') seen.push(event.data.percent);
    if (event.type === 'tool.completed') seen.push(event.output.status);
    if (event.type === 'tool.failed') seen.push(event.error.message);
  }
  expect(seen.sort()).toEqual([50, 'There is no order 43.', 'sent']);
  expect(await run.text()).toBe('Order 42 was sent.');
});

test('a step may be a function of what the model would be asked', async () => {
  const support: Script<Api['support']> = [
    ({ messages }) => ({ text: `You said: ${messages.at(-1)?.role === 'user' ? 'something' : 'nothing'}` }),
  ];
  await using server = await createContractServer({ contract, agents: { support } });
  const run = await server.client<Api>().send({ agent: 'support', text: 'Hello', context });
  expect(await run.text()).toBe('You said: something');
});

test('the contract is held to: contexts, inputs and outputs are checked', async () => {
  const wrong = [
    { toolCalls: [{ name: 'lookup_order', input: { orderId: 42 }, output: { status: 'sent' } }] },
    { toolCalls: [{ name: 'lookup_order', input: { orderId: '42' }, output: { status: 1 } }] },
    { toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] },
    { text: 'Done.' },
  ];
  await using server = await createContractServer({ contract, agents: { support: wrong } });
  const client = server.client<Api>();
  await expect(client.send({ agent: 'support', text: 'x', context: {} as never })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const run = await client.send({ agent: 'support', text: 'x', context });
  const failures: string[] = [];
  for await (const event of run) {
    if (event.type === 'tool.called') expect(event.input).toEqual({ orderId: '42', limit: 10 });
    if (event.type === 'tool.failed') failures.push(`${event.error.code}: ${event.error.message}`);
  }
  expect(failures).toEqual([
    expect.stringMatching(/^TOOL_BAD_INPUT: .*orderId: must be a string/),
    expect.stringMatching(/^TOOL_BAD_OUTPUT/),
    // An output is never `undefined`.
    expect.stringMatching(/^TOOL_BAD_OUTPUT/),
  ]);
});

test('an output is scripted as a value', async () => {
  const judge: Script<Api['judge']> = [{ output: { verdict: 'no' } }];
  await using server = await createContractServer({ contract, agents: { judge } });
  const run = await server.client<Api>().send({ agent: 'judge', text: 'Guilty?' });
  expect(JSON.parse(await run.text())).toEqual({ verdict: 'no' });
});

test('a generator of the contract plays its script with data parts and tool events', async () => {
  const chart: Script<Api['chart']> = [
    {
      data: [{ name: 'points', data: [1, 2] }],
      toolCalls: [{ name: 'lookup_order', input: { orderId: '1', limit: 1 }, output: { status: 'open' } }],
    },
    { reasoning: 'Hm', text: 'A line.' },
  ];
  await using server = await createContractServer({ contract, agents: { chart } });
  const run = await server.client<Api>().send({ agent: 'chart', text: 'Draw' });
  const seen: string[] = [];
  for await (const event of run) {
    if (event.type === 'data') seen.push(`${event.name} ${event.data.join()}`);
    if (event.type === 'tool.completed') seen.push(event.output.status);
  }
  expect(seen).toEqual(['points 1,2', 'open']);
  expect(await run.text()).toBe('A line.');
});

test('steps that are left over are an error, and so is an agent that the contract has not', async () => {
  const server = await createContractServer({ contract, agents: { judge: [{ output: { verdict: 'no' } }] } });
  await expect(server[Symbol.asyncDispose]()).rejects.toThrow(/"judge" has 1 of 1 steps left over/);
  await expect(createContractServer({ contract, agents: { jury: [] } })).rejects.toThrow(/no agent jury. It has: chart, judge, support/);
});

test('a script is typed by the contract', () => {
  const call = { name: 'lookup_order', input: { orderId: '42', limit: 1 } } as const;
  const scripts: Script<Api['support']>[] = [
    // @ts-expect-error there is no such tool
    [{ toolCalls: [{ name: 'refund', input: {}, output: {} }] }],
    // @ts-expect-error the input is of another type
    [{ toolCalls: [{ ...call, input: { orderId: 42, limit: 1 }, output: { status: 'sent' } }] }],
    // @ts-expect-error the output is missing
    [{ toolCalls: [call] }],
    // @ts-expect-error it has an output or an error
    [{ toolCalls: [{ ...call, output: { status: 'sent' }, error: 'no' }] }],
    // @ts-expect-error it never asks a person
    [{ toolCalls: [{ ...call, output: { status: 'sent' }, approval: true }] }],
    // @ts-expect-error it has no data parts
    [{ data: [{ name: 'points', data: [1] }] }],
    // @ts-expect-error it hands over to nobody
    [{ handoff: 'judge' }],
  ];
  expect(scripts).toHaveLength(7);
});
