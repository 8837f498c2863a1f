import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, type Tool } from '../../src/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const pay = (input: z.ZodType = z.object({ amount: z.number() }), paid: unknown[] = []): Tool =>
  defineTool({
    name: 'pay',
    description: '',
    // The test changes the schema between deploys.
    input: input as z.ZodObject<{ amount: z.ZodNumber }>,
    output: z.string(),
    needsApproval: true,
    execute: (given) => {
      paid.push(given);
      return 'paid';
    },
  });
const CALL: ScriptedStep = { toolCalls: [{ name: 'pay', input: { amount: 5 } }] };
const bot = (tools: readonly Tool[], extra: object = {}) => ({
  bot: defineAgent({ description: '', model: scriptedModel([]), tools, ...extra }),
});

async function waiting(steps: readonly ScriptedStep[]) {
  const model = scriptedModel(steps);
  const server = await createTestServer({ agents: bot([pay()]), models: { bot: model } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  const { callId } = await until(run, 'approval.requested');
  await until(run, 'run.waiting');
  return { server, client, run, callId, model };
}

describe('a deploy while an approval is open', () => {
  test('that removes the tool: it cannot be approved, and can be rejected', async () => {
    const { server, client, run, callId } = await waiting([CALL, { text: 'then not' }]);
    await using _ = server;
    await server.restart({ agents: bot([]) });
    await expect(run.approve(callId)).rejects.toMatchObject({ code: 'AGENT_CHANGED', message: expect.stringContaining('pay') });
    expect((await client.approvals.list()).items).toMatchObject([{ status: 'pending' }]);
    await run.reject(callId);
    expect(await run.text()).toBe('then not');
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('that narrows the schema: what no longer fits must be edited', async () => {
    const paid: unknown[] = [];
    const { server, run, callId } = await waiting([CALL, { text: 'ok' }]);
    await using _ = server;
    await server.restart({ agents: bot([pay(z.object({ amount: z.number().max(3) }), paid)]) });
    await expect(run.approve(callId)).rejects.toMatchObject({ code: 'AGENT_CHANGED' });
    await run.approve(callId, { input: { amount: 2 } });
    expect(await run.text()).toBe('ok');
    expect(paid).toEqual([{ amount: 2 }]);
  });

  test('that changes nothing about it goes on', async () => {
    const { server, run, callId } = await waiting([CALL, { text: 'ok' }]);
    await using _ = server;
    const other = defineTool({ name: 'other', description: '', input: z.object({}), output: z.string(), execute: () => '' });
    await server.restart({ agents: bot([pay(), other]) });
    await run.approve(callId);
    expect(await run.text()).toBe('ok');
  });

  test('that removes the agent: the run ends with AGENT_CHANGED, naming it, once it is answered', async () => {
    const { server, run, callId, model } = await waiting([CALL]);
    await using _ = server;
    await server.restart({ agents: { other: defineAgent({ description: '', model: scriptedModel([]) }) }, models: {} });
    await expect(run.approve(callId)).rejects.toMatchObject({ code: 'AGENT_CHANGED', message: expect.stringContaining('bot') });
    await run.reject(callId);
    expect(await run.result()).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_CHANGED', message: expect.stringContaining('bot') },
    });
    expect(model.remaining).toBe(0);
  });

  test('after it was approved and before the call began: the run ends with AGENT_CHANGED', async () => {
    const held = gate();
    const slow = defineTool({
      name: 'slow',
      description: '',
      input: z.object({}),
      output: z.string(),
      idempotent: true,
      execute: () => held.opened.then(() => 'ok'),
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'slow' }, { name: 'pay', input: { amount: 1 } }] }]);
    await using server = await createTestServer({ agents: bot([slow, pay()]), models: { bot: model }, limits: { maxRuns: 1 } });
    const run = await server.client().send({ agent: 'bot', text: 'go' });
    await until(run, 'approval.requested');
    await server.restart({ agents: bot([slow]) });
    held.open();
    expect(await run.info()).toMatchObject({ status: expect.stringMatching('running|waiting') });
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
  });
});

describe('a deploy while a run is queued or to be resumed', () => {
  test('that removes its agent ends it with AGENT_CHANGED, and the next one starts', async () => {
    const held = gate();
    const agents = { ...bot([]), late: defineAgent({ description: '', model: scriptedModel([]) }) };
    const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'one' }, { text: 'three' }]);
    await using server = await createTestServer({ agents, models: { bot: model } });
    const client = server.client();
    const first = await client.send({ agent: 'bot', text: 'a' });
    const second = await client.send({ agent: 'late', text: 'b', threadId: first.threadId });
    const third = await client.send({ agent: 'bot', text: 'c', threadId: first.threadId });
    await until(first, 'text.delta');
    await server.restart({ agents: bot([]) });
    held.open();
    expect(await second.result()).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_CHANGED', message: expect.stringContaining('late') },
    });
    expect(await third.text()).toBe('three');
    expectSoundLog(await logOf(client, first.threadId));
  });

  test('that narrows the context it was sent with ends it with AGENT_CHANGED', async () => {
    const held = gate();
    const model = scriptedModel([{ text: 'one', until: held.opened }]);
    const withContext = (contextInput: z.ZodType) => ({
      bot: defineAgent({ description: '', model: scriptedModel([]), contextInput: contextInput as z.ZodString }),
    });
    await using server = await createTestServer({ agents: withContext(z.string()), models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'a', context: 'x' });
    await until(run, 'text.delta');
    await server.restart({ agents: withContext(z.string().min(5)) });
    held.open();
    expect(await run.result()).toMatchObject({
      status: 'failed',
      error: { code: 'AGENT_CHANGED', message: expect.stringContaining('context') },
    });
  });

  test('that removes a child agent fails the call, and the parent goes on', async () => {
    const held = gate();
    const helper = defineAgent({ description: '', model: scriptedModel([]) });
    const tools = [agentTool(helper, { name: 'ask', description: '' })];
    const model = scriptedModel([{ toolCalls: [{ name: 'ask', input: { task: 't' } }] }, { text: 'alone then' }]);
    const child = scriptedModel([{ text: 'hm', until: held.opened }]);
    await using server = await createTestServer({ agents: { ...bot(tools), helper }, models: { bot: model, helper: child } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'go' });
    await until(run, 'text.delta');
    await server.restart({ agents: bot([]), models: { bot: model } });
    held.open();
    expect(await run.text()).toBe('alone then');
    await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0));
    expectSoundLog(await logOf(client, run.threadId));
  });
});
