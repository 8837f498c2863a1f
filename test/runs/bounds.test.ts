import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Agent, agentTool, defineAgent, defineTool, type Tool } from '../../src/index.ts';
import type { Limits } from '../../src/protocol/limits.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, logOf } from './runSupport.ts';

checkLeaks();

const look = defineTool({
  name: 'look',
  description: '',
  input: z.object({ n: z.number().optional() }),
  output: z.string(),
  execute: () => 'seen',
});
const fail = defineTool({
  name: 'fail',
  description: '',
  input: z.object({ n: z.number().optional() }),
  output: z.string(),
  execute: () => {
    throw new Error('no');
  },
});
const step = (name: string, n?: number): ScriptedStep => ({ toolCalls: [{ name, input: n === undefined ? {} : { n } }] });

async function runWith(steps: readonly ScriptedStep[], limits: Partial<Limits>, left = 0) {
  const model = scriptedModel(steps);
  const bot = defineAgent({ description: '', model: { name: 'm', stream: model.stream }, tools: [look, fail] });
  await using server = await createTestServer({ agents: { bot }, limits });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  const result = await run.result();
  expectSoundLog(await logOf(client, run.threadId));
  expect(model.remaining).toBe(left);
  return { result, events: await eventsOf(run) };
}

test('a run makes maxToolCalls tool calls; the next step that asks for more fails it with CALL_LIMIT', async () => {
  const fits = await runWith([step('look'), step('look'), { text: 'ok' }], { maxToolCalls: 2 });
  expect(fits.result).toMatchObject({ status: 'completed' });
  const { result, events } = await runWith([step('look'), step('look'), step('look'), { text: 'ok' }], { maxToolCalls: 2 }, 1);
  expect(result).toMatchObject({ status: 'failed', error: { code: 'CALL_LIMIT' } });
  expect(events.filter((event) => event.type === 'tool.completed')).toHaveLength(2);
});

test('the same call that failed maxIdenticalFailures times ends the run with REPEATED_FAILURE', async () => {
  const { result } = await runWith(
    [step('fail'), step('fail', 1), step('fail'), step('fail'), { text: 'ok' }],
    { maxIdenticalFailures: 3 },
    1,
  );
  expect(result).toMatchObject({ status: 'failed', error: { code: 'REPEATED_FAILURE', message: expect.stringContaining('fail') } });
  const others = await runWith([step('fail', 1), step('fail', 2), step('fail', 3), { text: 'ok' }], { maxIdenticalFailures: 2 });
  expect(others.result).toMatchObject({ status: 'completed' });
});

test('child runs hang maxDepth deep; a call that would go deeper fails with DEPTH_LIMIT', async () => {
  const ask = { toolCalls: [{ name: 'ask_self', input: { task: 'go on' } }] };
  const model = scriptedModel([ask, ask, ask, { text: 'deepest' }, { text: 'deeper' }, { text: 'top' }]);
  const self: Agent = defineAgent({ description: '', model, tools: (): readonly Tool[] => [askSelf] });
  const askSelf: Tool = agentTool(self, { name: 'ask_self', description: '' });
  await using server = await createTestServer({ agents: { self }, limits: { maxDepth: 2 } });
  const client = server.client();
  const run = await client.send({ agent: 'self', text: 'go' });
  expect(await run.text()).toBe('top');
  const events = await eventsOf(client.run(run.id));
  expect(events.flatMap((event) => (event.type === 'tool.failed' ? [event.error.code] : []))).toEqual(['DEPTH_LIMIT']);
  expectSoundLog(events);
});

test('a root run has maxChildRuns under it; a call for more fails with CALL_LIMIT', async () => {
  const helper = defineAgent({ description: '', model: scriptedModel([{ text: 'one' }, { text: 'two' }]) });
  const ask = { name: 'ask', input: { task: 't' } };
  const model = scriptedModel([{ toolCalls: [ask, ask, ask] }, { text: 'ok' }]);
  const boss = defineAgent({ description: '', model, tools: [agentTool(helper, { name: 'ask', description: '' })] });
  await using server = await createTestServer({ agents: { boss, helper }, limits: { maxChildRuns: 2 } });
  const client = server.client();
  const run = await client.send({ agent: 'boss', text: 'go' });
  expect(await run.text()).toBe('ok');
  const events = await eventsOf(client.run(run.id));
  expect(events.flatMap((event) => (event.type === 'tool.failed' ? [event.error.code] : []))).toEqual(['CALL_LIMIT']);
  expect(events.filter((event) => event.type === 'tool.completed')).toHaveLength(2);
});

test('a message asks maxParallelAgents agents at once, and not one more', async () => {
  const agents = Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [name, defineAgent({ description: '', model: scriptedModel([{ text: 'ok' }]) })]),
  );
  await using server = await createTestServer({ agents, limits: { maxParallelAgents: 2 } });
  const client = server.client();
  await expect(client.send({ agents: ['a', 'b', 'c'], text: 'go' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(client.send({ agents: ['a', 'a'], text: 'go' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const run = await client.send({ agents: ['a', 'b'], text: 'go' });
  expect(await run.result()).toMatchObject({ status: 'completed' });
});

test('agents that hand over in a circle end with HANDOFF_LIMIT', async () => {
  const to = (name: string): ScriptedStep => ({ toolCalls: [{ name: `transfer_to_${name}` }] });
  const a: Agent = defineAgent({ description: '', model: scriptedModel([to('b'), to('b')]), handoffs: () => [b] });
  const b: Agent = defineAgent({ description: '', model: scriptedModel([to('a'), to('a')]), handoffs: [a] });
  await using server = await createTestServer({ agents: { a, b }, limits: { maxHandoffs: 3 } });
  const client = server.client();
  const run = await client.send({ agent: 'a', text: 'go' });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'HANDOFF_LIMIT' } });
  const events = await eventsOf(client.run(run.id));
  expect(events.filter((event) => event.type === 'agent.handoff')).toHaveLength(3);
  expectSoundLog(events);
});
