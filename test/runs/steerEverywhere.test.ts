import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, router } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const bot = (extra: object = {}) => defineAgent({ description: 'a bot', model: scriptedModel([]), ...extra });

describe('a message is steered into', () => {
  test('a run that waits for a person: the next step has it', async () => {
    const pay = defineTool({
      name: 'pay',
      description: '',
      input: z.object({}),
      output: z.string(),
      needsApproval: true,
      execute: () => 'paid',
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'pay' }] }, { text: 'as you say' }]);
    await using server = await createTestServer({ agents: { a: bot({ tools: [pay] }) }, models: { a: model } });
    const client = server.client();
    const run = await client.send({ agent: 'a', text: 'go' });
    const { callId } = await until(run, 'approval.requested');
    await until(run, 'run.waiting');
    const steer = await client.send({ agent: 'a', text: 'but kindly', threadId: run.threadId, whenBusy: 'steer' });
    expect(steer.receipt).toMatchObject({ disposition: 'steered', runId: run.id });
    expect((await run.info()).status).toBe('waiting');
    await run.approve(callId);
    expect(await run.text()).toBe('as you say');
    expect(model.requests[1]?.messages.map((message) => ('text' in message ? message.text : message.role))).toEqual([
      'go',
      '',
      'tool',
      'but kindly',
    ]);
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('a run that was handed over, by the name of either agent', async () => {
    const held = gate();
    const models = {
      a: scriptedModel([{ toolCalls: [{ name: 'transfer_to_b' }] }]),
      b: scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }]),
    };
    const b = bot();
    await using server = await createTestServer({ agents: { a: bot({ handoffs: [b] }), b }, models });
    const client = server.client();
    const run = await client.send({ agent: 'a', text: 'go' });
    await until(run, 'text.delta');
    for (const agent of ['a', 'b']) {
      const steer = await client.send({ agent, text: `for ${agent}`, threadId: run.threadId, whenBusy: 'steer' });
      expect(steer.receipt).toMatchObject({ disposition: 'steered', runId: run.id });
    }
    held.open();
    expect(await run.text()).toBe('two');
    expect(JSON.stringify(models.b.requests[1]?.messages)).toContain('for b');
  });

  test('a run whose child works: the parent has it when the child has answered', async () => {
    const held = gate();
    const helper = bot();
    const models = {
      boss: scriptedModel([{ toolCalls: [{ name: 'ask', input: { task: 't' } }] }, { text: 'done' }]),
      helper: scriptedModel([{ text: 'found', until: held.opened }]),
    };
    await using server = await createTestServer({
      agents: { boss: bot({ tools: [agentTool(helper, { name: 'ask', description: '' })] }), helper },
      models,
    });
    const client = server.client();
    const run = await client.send({ agent: 'boss', text: 'go' });
    await until(run, 'text.delta');
    const steer = await client.send({ agent: 'boss', text: 'hurry', threadId: run.threadId, whenBusy: 'steer' });
    expect(steer.receipt.disposition).toBe('steered');
    held.open();
    expect(await run.text()).toBe('done');
    expect(models.boss.requests[1]?.messages.at(-1)).toMatchObject({ role: 'user', text: 'hurry' });
    expect(models.helper.requests).toHaveLength(1);
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('a run that a router gave to another agent', async () => {
    const held = gate();
    const a = bot();
    const auto = router({ description: '', agents: { a }, route: () => ({ to: 'a', reason: 'r' }) });
    const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'two' }]);
    await using server = await createTestServer({ agents: { auto, a }, models: { a: model } });
    const client = server.client();
    const run = await client.send({ agent: 'auto', text: 'go' });
    await until(run, 'text.delta');
    await client.send({ agent: 'auto', text: 'more', threadId: run.threadId, whenBusy: 'steer' });
    held.open();
    await vi.waitFor(async () => expect(await run.text()).toBe('two'));
  });
});
