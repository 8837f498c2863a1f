import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Agent, agentTool, defineAgent, defineTool, type Tool } from '../../src/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel, type TestServerOptions } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { expectSoundLog, gate, logOf, until, untilAborted } from './runSupport.ts';

checkLeaks();

const output = z.string();
const amount = z.object({ amount: z.number() });
const agentOf = (tools: readonly Tool[], extra: object = {}): Agent =>
  defineAgent({ description: 'a bot', model: scriptedModel([]), tools, ...extra });
const paying = (made: unknown[], input: z.ZodType = amount): Tool =>
  defineTool({
    name: 'pay',
    description: 'pays',
    // The test changes the schema between deploys.
    input: input as typeof amount,
    output,
    needsApproval: true,
    execute: (given) => {
      made.push(given);
      return 'paid';
    },
  });
const PAY: ScriptedStep = { toolCalls: [{ name: 'pay', input: { amount: 5 } }] };

async function begin(
  agents: Record<string, Agent>,
  scripts: Record<string, readonly ScriptedStep[]>,
  options: Partial<TestServerOptions> = {},
) {
  const models = Object.fromEntries(Object.entries(scripts).map(([name, steps]) => [name, scriptedModel(steps)]));
  const server = await createTestServer({ agents, models, ...options });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  /** Ends this server and starts one with other agents; models of agents that are gone go too. */
  const deploy = (next: Record<string, Agent>) =>
    server.restart({ agents: next, models: Object.fromEntries(Object.entries(models).filter(([name]) => next[name]?.kind === 'model')) });
  return { server, client, run, deploy };
}

describe('a deploy after a call was let through, and before it has begun', () => {
  const made: unknown[] = [];
  const other = agentOf([]);

  /** The decision is made while another run has the only room. */
  async function decided(last: readonly ScriptedStep[]) {
    const held = gate();
    const scripts = { bot: [PAY, ...last], other: [{ text: 'hm', until: held.opened }, { text: 'hm' }] };
    const begun = await begin({ bot: agentOf([paying(made)]), other }, scripts, { limits: { maxRuns: 1 } });
    const { callIds } = await until(begun.run, 'run.waiting');
    const blocking = await begun.client.send({ agent: 'other', text: 'take the room' });
    await until(blocking, 'text.delta');
    await begun.run.approve(callIds[0] ?? '');
    return { ...begun, held, blocking };
  }

  test.each([
    ['removes the tool', () => []],
    ['narrows its input', () => [paying(made, z.object({ amount: z.number().max(3) }))]],
  ])('that %s ends the run with AGENT_CHANGED; the call is not made', async (_how, tools) => {
    const { server, client, run, deploy, held } = await decided([]);
    await using _ = server;
    await deploy({ bot: agentOf(tools()), other });
    held.open();
    expect(await run.result()).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_CHANGED', message: expect.stringContaining('pay') },
    });
    const log = await logOf(client, run.threadId);
    expectSoundLog(log);
    expect(log.find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'CANCELLED' } });
    expect(made).toEqual([]);
  });

  test('that changes nothing about it makes the call', async () => {
    const { server, run, deploy, held, blocking } = await decided([{ text: 'done' }]);
    await using _ = server;
    await deploy({ bot: agentOf([paying(made)]), other });
    held.open();
    expect(await run.text()).toBe('done');
    expect(made.splice(0)).toEqual([{ amount: 5 }]);
    await blocking.result();
  });
});

describe('a deploy while a call waits for a person', () => {
  test('that leaves the tool to the client: it waits for that when it is let through', async () => {
    const { server, run, deploy } = await begin({ bot: agentOf([paying([])]) }, { bot: [PAY, { text: 'done' }] });
    await using _ = server;
    const { callIds } = await until(run, 'run.waiting');
    await deploy({ bot: agentOf([defineTool({ name: 'pay', description: 'pays', input: amount, output, needsApproval: true })]) });
    await run.approve(callIds[0] ?? '');
    await run.submitToolResult(callIds[0] ?? '', 'paid' as never);
    expect(await run.text()).toBe('done');
  });

  test('that makes the agent a generator: the call is not approved any more, and the run goes on once it is rejected', async () => {
    const { server, client, run, deploy } = await begin({ bot: agentOf([paying([])]) }, { bot: [PAY] });
    await using _ = server;
    const { callIds } = await until(run, 'run.waiting');
    const generator = defineAgent({
      description: 'a bot',
      run: async function* () {
        yield { type: 'text.delta', delta: 'anew' };
      },
    });
    await deploy({ bot: generator });
    await expect(run.approve(callIds[0] ?? '')).rejects.toMatchObject({ code: 'AGENT_CHANGED' });
    await run.reject(callIds[0] ?? '');
    expect(await run.text()).toBe('anew');
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('in a child run whose agent is gone: its parent is told once it is answered', async () => {
    const child = agentOf([paying([])]);
    const ask = agentTool(child, { name: 'ask', description: 'asks' });
    const scripts = { bot: [{ toolCalls: [{ name: 'ask', input: { task: 't' } }] }, { text: 'alone then' }], child: [PAY] };
    const { server, client, run, deploy } = await begin({ bot: agentOf([ask]), child }, scripts);
    await using _ = server;
    const { callId } = await until(run, 'approval.requested');
    await deploy({ bot: agentOf([]) });
    await client.approvals.decide({ callId, decision: 'reject' });
    expect(await run.text()).toBe('alone then');
    const log = await logOf(client, run.threadId);
    expectSoundLog(log);
    expect(log.find((event) => event.type === 'run.failed')).toMatchObject({
      error: { code: 'AGENT_CHANGED', message: expect.stringContaining('child') },
    });
    expect(log.findLast((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'CHILD_FAILED' } });
  });
});

describe('a deploy while a call is at work', () => {
  const at = gate();
  const working = (idempotent: boolean): Tool =>
    defineTool({
      name: 'work',
      description: 'works',
      input: z.object({}),
      output,
      idempotent,
      execute: (_, { signal }) => {
        at.open();
        return untilAborted(signal);
      },
    });
  const WORK: ScriptedStep = { toolCalls: [{ name: 'work' }] };

  test('that removes its tool, which may be called again: the run ends with AGENT_CHANGED', async () => {
    const { server, run, deploy } = await begin({ bot: agentOf([working(true)]) }, { bot: [WORK] });
    await using _ = server;
    await at.opened;
    await deploy({ bot: agentOf([]) });
    expect(await run.result()).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_CHANGED', message: expect.stringContaining('work') },
    });
  });

  test('that removes its tool, which may not: it would not be called anyway, and the run goes on', async () => {
    const { server, client, run, deploy } = await begin({ bot: agentOf([working(false)]) }, { bot: [WORK, { text: 'who knows' }] });
    await using _ = server;
    await until(run, 'tool.called');
    await deploy({ bot: agentOf([]) });
    expect(await run.text()).toBe('who knows');
    const log = await logOf(client, run.threadId);
    expect(log.find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } });
  });
});

test('a deploy that removes the agent which has taken over ends the run with AGENT_CHANGED, naming it', async () => {
  const held = gate();
  const second = agentOf([]);
  const bot = (handoffs: readonly Agent[]) => agentOf([], { handoffs });
  const scripts = { bot: [{ toolCalls: [{ name: 'transfer_to_second' }] }], second: [{ text: 'hm', until: held.opened }] };
  const { server, run, deploy } = await begin({ bot: bot([second]), second }, scripts);
  await using _ = server;
  await until(run, 'text.delta');
  await deploy({ bot: bot([]) });
  held.open();
  expect(await run.result()).toMatchObject({
    status: 'failed',
    error: { code: 'AGENT_CHANGED', message: expect.stringContaining('second') },
  });
});
