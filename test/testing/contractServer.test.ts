import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contractOf } from '../../src/agents/contractOf.ts';
import { router } from '../../src/agents/router.ts';
import { type Agents, agentTool, defineAgent, defineTool, type InferApi, offline, parallel } from '../../src/index.ts';
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
const refund = defineTool({
  name: 'refund',
  description: 'Refunds an order',
  needsApproval: ({ amount }) => amount > 100,
  input: z.object({ amount: z.number().positive() }),
  output: z.object({ refundId: z.string() }),
  execute: () => ({ refundId: '' }),
});
const pickFile = defineTool({
  name: 'pick_file',
  description: 'Asks the user for a file',
  input: z.object({ accept: z.string() }),
  output: z.object({ name: z.string() }),
});
const billing = defineAgent({ description: 'Money', model: offline(), tools: [refund, pickFile] });
const researcher = defineAgent({ description: 'Reads', model: offline() });
const critic = defineAgent({ description: 'Doubts', model: offline() });
const desk = defineAgent({
  description: 'Asks others',
  model: offline(),
  handoffs: [billing],
  tools: [
    agentTool(researcher, { name: 'research', description: 'Reads' }),
    parallel([researcher, critic], { name: 'ask_both', description: 'Asks both' }),
  ],
});
const agents = {
  desk,
  billing,
  critic,
  triage: router({ description: 'Chooses', model: offline(), agents: { billing, desk } }),
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
/** As the generated types have it: its tools say that they may ask. */
type ScriptedBilling = {
  tools: { refund: Api['billing']['tools']['refund'] & { approval: true }; pick_file: Api['billing']['tools']['pick_file'] };
} & Omit<Api['billing'], 'tools'>;
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

describe('a tool that may ask a person', () => {
  const call = { name: 'refund', input: { amount: 30 }, output: { refundId: 'r1' } } as const;

  test('asks with its typed input, and goes on when it is approved, with what was edited', async () => {
    const billing: Script<ScriptedBilling> = [{ toolCalls: [{ ...call, approval: { reason: 'Over the limit' } }] }, { text: 'Refunded.' }];
    await using server = await createContractServer({ contract, agents: { billing } });
    const run = await server.client<Api>().send({ agent: 'billing', text: 'Refund me' });
    const seen: unknown[] = [];
    for await (const event of run) {
      if (event.type === 'approval.requested' && event.tool === 'refund') {
        seen.push(event.question, event.input.amount);
        await expect(run.approve(event, { input: { amount: -1 } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
        await run.approve(event, { input: { amount: 20 } });
      }
      if (event.type === 'tool.completed' && event.tool === 'refund') seen.push(event.output.refundId);
    }
    expect(seen).toEqual(['Over the limit', 30, 'r1']);
    expect(await run.text()).toBe('Refunded.');
  });

  test('takes no outcome when it is rejected', async () => {
    const billing: Script<ScriptedBilling> = [
      { toolCalls: [call] },
      { toolCalls: [{ ...call, output: { refundId: 'r2' }, approval: false }] },
      { text: 'Done.' },
    ];
    await using server = await createContractServer({ contract, agents: { billing } });
    const run = await server.client<Api>().send({ agent: 'billing', text: 'Refund me' });
    const seen: unknown[] = [];
    for await (const event of run) {
      if (event.type === 'approval.requested') await run.reject(event, 'too much');
      if (event.type === 'tool.failed') seen.push(event.error.code);
      if (event.type === 'tool.completed' && event.tool === 'refund') seen.push(event.output.refundId);
    }
    expect(seen).toEqual(['TOOL_REJECTED', 'r2']);
  });
});

test('a tool of the client waits for its result, which is checked', async () => {
  const billing: Script<ScriptedBilling> = [{ toolCalls: [{ name: 'pick_file', input: { accept: 'image/*' } }] }, { text: 'Thanks.' }];
  await using server = await createContractServer({ contract, agents: { billing } });
  const run = await server.client<Api>().send({ agent: 'billing', text: 'Take this' });
  const outputs: unknown[] = [];
  for await (const event of run) {
    if (event.type === 'tool.completed') outputs.push(event.output);
    if (event.type !== 'tool.called' || event.tool !== 'pick_file') continue;
    await expect(run.submitToolResult(event, { name: 1 } as never)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await run.submitToolResult(event, { name: 'a.png' });
  }
  expect(outputs).toEqual([{ name: 'a.png' }]);
  expect(await run.text()).toBe('Thanks.');
});

test('agents hand over, ask each other, and are chosen, each by a script of its own', async () => {
  await using server = await createContractServer({
    contract,
    agents: {
      triage: [{ to: 'desk', reason: 'a question' }],
      desk: [
        { toolCalls: [{ name: 'research', input: { task: 'Read' } }] },
        { toolCalls: [{ name: 'ask_both', input: { task: 'And?' } }] },
        { handoff: { to: 'billing', reason: 'money' } },
      ],
      research: [{ text: 'It says so.' }, { text: 'Yes.' }],
      critic: [{ text: 'No.' }],
      billing: [{ text: 'Here is the money.' }],
    },
  });
  const run = await server.client<Api>().send({ agent: 'triage', text: 'Why?' });
  const seen: unknown[] = [];
  for await (const event of run) {
    if (event.type === 'agent.routed') seen.push([event.to, event.reason]);
    if (event.type === 'agent.handoff') seen.push([event.from, event.to, event.reason]);
    if (event.type === 'tool.completed')
      seen.push(event.tool === 'ask_both' ? event.output.results.map(({ agent }) => agent) : event.output);
  }
  expect(seen).toEqual([['desk', 'a question'], 'It says so.', ['research', 'critic'], ['desk', 'billing', 'money'], expect.anything()]);
  expect(await run.text()).toBe('Here is the money.');
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
  await expect(createContractServer({ contract, agents: { jury: [] } })).rejects.toThrow(/no agent jury. It has: billing, chart,/);
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
