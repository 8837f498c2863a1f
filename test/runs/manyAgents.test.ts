import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, type InferApi, parallel } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, gate, logOf, typesOf, until } from './runSupport.ts';

checkLeaks();

const bot = (extra: object = {}) => defineAgent({ description: 'a bot', model: scriptedModel([]), ...extra });

describe('a handoff', () => {
  test('switches instructions, tools and model within the run', async () => {
    const look = defineTool({ name: 'look', description: '', input: z.object({}), output: z.string(), execute: () => 'seen' });
    const billing = defineAgent({ description: 'Knows bills', instructions: 'You do bills.', model: scriptedModel([]), tools: [look] });
    const triage = defineAgent({ description: 'Sorts', instructions: 'You sort.', model: scriptedModel([]), handoffs: [billing] });
    const agents = { triage, billing };
    const first = scriptedModel([{ text: 'moment', toolCalls: [{ name: 'transfer_to_billing', input: { reason: 'a bill' } }] }]);
    const second = scriptedModel([{ toolCalls: [{ name: 'look' }] }, { text: 'paid' }]);
    await using server = await createTestServer({ agents, models: { triage: first, billing: second } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'triage', text: 'my bill' });
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'paid' });
    const events = await eventsOf(client.run(run.id));
    expectSoundLog(events);
    expect(events.find((event) => event.type === 'agent.handoff')).toMatchObject({ from: 'triage', to: 'billing', reason: 'a bill' });
    expect(first.requests[0]).toMatchObject({ instructions: 'You sort.', tools: [{ name: 'transfer_to_billing' }] });
    expect(second.requests[0]).toMatchObject({ instructions: 'You do bills.', tools: [{ name: 'look' }] });
    expect(events.flatMap((event) => (event.type === 'message.started' ? [event.agent] : []))).toEqual(['triage', 'billing', 'billing']);
    expect(await run.info()).toMatchObject({ agent: 'triage', currentAgent: 'billing' });
  });

  test('to itself, and a second one in the same step, are refused: the model is told', async () => {
    const a = defineAgent({ description: 'a', model: scriptedModel([]), handoffs: (): readonly ReturnType<typeof bot>[] => [a, b] });
    const b = bot();
    const model = scriptedModel([
      { toolCalls: [{ name: 'transfer_to_a' }] },
      { toolCalls: [{ name: 'transfer_to_b' }, { name: 'transfer_to_b' }] },
    ]);
    const other = scriptedModel([{ text: 'here' }]);
    await using server = await createTestServer({ agents: { a, b }, models: { a: model, b: other } });
    const run = await server.client().send({ agent: 'a', text: 'go' });
    expect(await run.text()).toBe('here');
    const failed = (await eventsOf(run)).filter((event) => event.type === 'tool.failed');
    expect(failed.map((event) => event.error.message)).toEqual([expect.stringContaining('already'), expect.stringContaining('already')]);
  });

  test('survives a crash: the run goes on with the agent that took over', async () => {
    const held = gate();
    const b = bot();
    const a = bot({ handoffs: [b] });
    const model = scriptedModel([{ toolCalls: [{ name: 'transfer_to_b' }] }]);
    const other = scriptedModel([{ text: 'half', until: held.opened }, { text: 'whole' }]);
    await using server = await createTestServer({ agents: { a, b }, models: { a: model, b: other } });
    const client = server.client();
    const run = await client.send({ agent: 'a', text: 'go' });
    await until(run, 'text.delta');
    await server.crash();
    held.open();
    expect(await run.text()).toBe('whole');
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('to an agent that the server does not know is refused at its start', async () => {
    const a = bot({ handoffs: [bot()] });
    await expect(createTestServer({ agents: { a } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('a hands over'),
    });
  });
});

describe('an agent as a tool', () => {
  const researcher = bot();
  const boss = defineAgent({
    description: 'boss',
    model: scriptedModel([]),
    tools: [agentTool(researcher, { name: 'research', description: 'Finds out' })],
  });
  const ASK = { toolCalls: [{ name: 'research', input: { task: 'find x' } }] };

  test('is a child run with its own id and usage, in the same log; its answer is the output', async () => {
    const agents = { boss, researcher };
    const model = scriptedModel([
      { ...ASK, usage: { inputTokens: 1, outputTokens: 1 } },
      { text: 'x it is', usage: { inputTokens: 1, outputTokens: 1 } },
    ]);
    const child = scriptedModel([{ text: 'x', usage: { inputTokens: 10, outputTokens: 10 } }]);
    await using server = await createTestServer({ agents, models: { boss: model, researcher: child } });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agent: 'boss', text: 'what is it?' });
    expect(await run.result()).toMatchObject({ status: 'completed', text: 'x it is', usage: { inputTokens: 12, outputTokens: 12 } });
    const events = await eventsOf(client.run(run.id));
    expectSoundLog(events);
    const queued = events.find((event) => event.type === 'run.queued');
    const called = events.find((event) => event.type === 'tool.called');
    if (queued?.type !== 'run.queued' || called?.type !== 'tool.called') throw new Error('no child');
    expect(queued).toMatchObject({ agent: 'researcher', parentRunId: run.id, parentCallId: called.callId });
    expect(events.find((event) => event.type === 'tool.completed')).toMatchObject({ callId: called.callId, output: 'x' });
    expect(await client.run(queued.runId).result()).toMatchObject({
      status: 'completed',
      text: 'x',
      usage: { inputTokens: 10, outputTokens: 10 },
    });
    expect(await client.run(queued.runId).info()).toMatchObject({ parentRunId: run.id, task: 'find x' });
    expect(child.requests[0]?.messages).toEqual([{ role: 'user', text: 'find x' }]);
    expect(model.requests[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect((await run.info()).status).toBe('completed');
  });

  test('is cancelled with its parent, which ends last', async () => {
    const held = gate();
    const model = scriptedModel([ASK]);
    const child = scriptedModel([{ text: 'hm', until: held.opened }]);
    await using server = await createTestServer({ agents: { boss, researcher }, models: { boss: model, researcher: child } });
    const client = server.client();
    const run = await client.send({ agent: 'boss', text: 'go' });
    await until(run, 'text.delta');
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled', cancelledBy: 'local' });
    const events = await eventsOf(client.run(run.id));
    expectSoundLog(events);
    expect(events.filter((event) => event.type === 'run.cancelled').map((event) => event.runId === run.id)).toEqual([false, true]);
    held.open();
    await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0));
  });

  test('that fails is told to the model, and the parent goes on', async () => {
    const model = scriptedModel([ASK, { text: 'without it' }]);
    const child = scriptedModel([{ error: { code: 'MODEL_BAD_REQUEST', message: 'No.' } }]);
    await using server = await createTestServer({ agents: { boss, researcher }, models: { boss: model, researcher: child } });
    const run = await server.client().send({ agent: 'boss', text: 'go' });
    expect(await run.text()).toBe('without it');
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ isError: true, output: { error: { code: 'CHILD_FAILED' } } });
  });

  test('goes on after a crash, in parent and child, and is not asked twice', async () => {
    const held = gate();
    const model = scriptedModel([ASK, { text: 'done' }]);
    const child = scriptedModel([{ text: 'half', until: held.opened }, { text: 'whole' }]);
    await using server = await createTestServer({ agents: { boss, researcher }, models: { boss: model, researcher: child } });
    const client = server.client();
    const run = await client.send({ agent: 'boss', text: 'go' });
    await until(run, 'text.delta');
    await server.crash();
    held.open();
    expect(await run.text()).toBe('done');
    const log = await logOf(client, run.threadId);
    expectSoundLog(log);
    expect(log.find((event) => event.type === 'tool.completed')).toMatchObject({ output: 'whole' });
  });

  test('asks for approvals of its own, which its owner decides', async () => {
    const pay = defineTool({
      name: 'pay',
      description: '',
      input: z.object({}),
      output: z.string(),
      needsApproval: true,
      execute: () => 'paid',
    });
    const payer = bot({ tools: [pay] });
    const chief = defineAgent({
      description: 'chief',
      model: scriptedModel([]),
      tools: [agentTool(payer, { name: 'settle', description: 'Pays' })],
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'settle', input: { task: 'pay it' } }] }, { text: 'settled' }]);
    const child = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'it is paid' }]);
    await using server = await createTestServer({ agents: { chief, payer }, models: { chief: model, payer: child } });
    const client = server.client();
    const run = await client.send({ agent: 'chief', text: 'go' });
    const asked = await until(run, 'approval.requested');
    expect(asked.runId).not.toBe(run.id);
    await server.crash();
    await run.approve(asked.callId);
    expect(await run.text()).toBe('settled');
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('gets the principal with the scopes that agent and tool allow', async () => {
    const seen: unknown[] = [];
    const look = defineTool({
      name: 'look',
      description: '',
      input: z.object({}),
      output: z.string(),
      scopes: ['read', 'admin'],
      execute: (_, { principal }) => {
        seen.push(principal.scopes);
        return 'ok';
      },
    });
    const inner = bot({ tools: [look], scopes: ['read', 'write'] });
    const outer = defineAgent({
      description: '',
      model: scriptedModel([]),
      scopes: ['read', 'write', 'admin'],
      tools: [look, agentTool(inner, { name: 'inner', description: '', scopes: ['write', 'read'] })],
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'look' }, { name: 'inner', input: { task: 't' } }] }, { text: 'ok' }]);
    const child = scriptedModel([{ toolCalls: [{ name: 'look' }] }, { text: 'ok' }]);
    await using server = await createTestServer({ agents: { outer, inner }, models: { outer: model, inner: child } });
    const client = server.as({ id: 'ada', scopes: ['read', 'admin', 'other'] }).client();
    await (await client.send({ agent: 'outer', text: 'go' })).result();
    expect(seen).toEqual([['read', 'admin'], ['read']]);
  });
});

describe('agents in parallel', () => {
  const [a, b, c] = [bot(), bot(), bot()];
  const agents = { a, b, c };

  test('answer one message at once, each in a run of its own; the receipt names them, and they interleave', async () => {
    const gates = [gate(), gate()];
    const models = {
      a: scriptedModel([{ text: 'a1 a2', chunks: ['a1 ', 'a2'], until: gates[0]?.opened ?? Promise.resolve() }]),
      b: scriptedModel([{ text: 'b', until: gates[1]?.opened ?? Promise.resolve() }]),
      c: scriptedModel([{ text: 'c' }]),
    };
    await using server = await createTestServer({ agents, models });
    const client = server.client<InferApi<typeof agents>>();
    const run = await client.send({ agents: ['a', 'b', 'c'], text: 'all of you' });
    expect(run.receipt.children?.map((child) => child.agent)).toEqual(['a', 'b', 'c']);
    await vi.waitFor(() => expect(server.stats.activeRuns).toBe(2));
    gates[1]?.open();
    gates[0]?.open();
    const result = await run.result();
    expect(result).toMatchObject({
      status: 'completed',
      outcome: 'complete',
      children: [
        { agent: 'a', text: 'a1 a2', status: 'completed' },
        { agent: 'b', text: 'b' },
        { agent: 'c', text: 'c' },
      ],
    });
    expect(result.children?.map((child) => child.runId)).toEqual(run.receipt.children?.map((child) => child.runId));
    const events = await eventsOf(client.run(run.id));
    expectSoundLog(events);
    for (const model of Object.values(models)) expect(model.requests[0]?.messages).toEqual([{ role: 'user', text: 'all of you' }]);
    expect(typesOf(events).at(-1)).toBe('run.completed');
  });

  test('one that fails leaves the others: the outcome is partial and says which', async () => {
    const models = {
      a: scriptedModel([{ text: 'fine' }]),
      b: scriptedModel([{ error: { code: 'MODEL_BAD_REQUEST', message: 'No.' } }]),
    };
    await using server = await createTestServer({ agents: { a, b }, models });
    const run = await server.client().send({ agents: ['a', 'b'], text: 'go' });
    expect(await run.result()).toMatchObject({
      status: 'completed',
      outcome: 'partial',
      children: [
        { agent: 'a', status: 'completed' },
        { agent: 'b', status: 'failed', error: { code: 'MODEL_BAD_REQUEST' } },
      ],
    });
  });

  test('whose answers are part of the conversation afterwards', async () => {
    const models = { a: scriptedModel([{ text: 'from a' }, { text: 'so' }]), b: scriptedModel([{ text: 'from b' }]) };
    await using server = await createTestServer({ agents: { a, b }, models });
    const client = server.client();
    const { threadId, ...run } = await client.send({ agents: ['a', 'b'], text: 'go' });
    await client.run(run.id).result();
    const next = await client.send({ agent: 'a', text: 'and now?', threadId });
    expect(await next.text()).toBe('so');
    const texts = JSON.stringify(models.a.requests[1]?.messages);
    expect(texts).toContain('from a');
    expect(texts).toContain('from b');
    expect(models.a.requests[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test('survive a crash while all of them answer, and are all cancelled with their root', async () => {
    const held = gate();
    const half = { text: 'half', until: held.opened };
    const models = { a: scriptedModel([half, half]), b: scriptedModel([half, half]), c: scriptedModel([half, half]) };
    await using server = await createTestServer({ agents, models });
    const client = server.client();
    const run = await client.send({ agents: ['a', 'b', 'c'], text: 'go' });
    await vi.waitFor(() => expect(Object.values(models).map((model) => model.requests.length)).toEqual([1, 1, 1]));
    await server.crash();
    await vi.waitFor(() => expect(Object.values(models).map((model) => model.requests.length)).toEqual([2, 2, 2]));
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
    held.open();
    const log = await logOf(client, run.threadId);
    expectSoundLog(log);
    expect(log.filter((event) => event.type === 'run.cancelled')).toHaveLength(4);
    expect(log.at(-1)).toMatchObject({ type: 'run.cancelled', runId: run.id });
  });

  test('within an agent, as one tool: what failed is part of its output', async () => {
    const chief = defineAgent({
      description: '',
      model: scriptedModel([]),
      tools: [parallel([a, b], { name: 'ask_all', description: 'Asks both' })],
    });
    const models = {
      chief: scriptedModel([{ toolCalls: [{ name: 'ask_all', input: { task: 'think' } }] }, { text: 'decided' }]),
      a: scriptedModel([{ text: 'yes' }]),
      b: scriptedModel([{ error: 'no luck' }]),
    };
    await using server = await createTestServer({ agents: { chief, a, b }, models });
    const client = server.client();
    const run = await client.send({ agent: 'chief', text: 'go' });
    expect(await run.text()).toBe('decided');
    expect(models.chief.requests[1]?.messages.at(-1)).toMatchObject({
      isError: false,
      output: {
        results: [
          { agent: 'a', status: 'completed', answer: 'yes' },
          { agent: 'b', status: 'failed', error: expect.any(String) },
        ],
      },
    });
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('take a steered message when they have answered', async () => {
    const held = gate();
    const models = {
      a: scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }]),
      b: scriptedModel([{ text: 'eins' }, { text: 'zwei' }]),
    };
    await using server = await createTestServer({ agents: { a, b }, models });
    const client = server.client();
    const run = await client.send({ agents: ['a', 'b'], text: 'go' });
    const steer = await client.send({ agents: ['a', 'b'], text: 'more', threadId: run.threadId, whenBusy: 'steer' });
    expect(steer.receipt).toMatchObject({ disposition: 'steered', runId: run.id });
    held.open();
    expect(await run.result()).toMatchObject({
      status: 'completed',
      children: [
        { agent: 'a', text: 'two' },
        { agent: 'b', text: 'zwei' },
      ],
    });
    const log = await logOf(client, run.threadId);
    expect(log.some((event) => event.type === 'message.steered')).toBe(true);
    expectSoundLog(log);
  });
});
