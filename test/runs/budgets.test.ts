import { expect, test } from 'vitest';
import { agentTool, defineAgent, type ServerOptions } from '../../src/index.ts';
import type { Budget } from '../../src/protocol/budget.ts';
import { createManualClock, createTestServer, type ScriptedStep, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const WORDS = Array.from({ length: 100 }, () => 'word word word word ');
const wordy: ScriptedStep = { chunks: WORDS };

async function serve(steps: readonly ScriptedStep[], options: Partial<ServerOptions> & { readonly agentBudget?: Budget } = {}) {
  const { agentBudget, ...rest } = options;
  const model = scriptedModel(steps);
  const bot = defineAgent({ description: '', model, ...(agentBudget !== undefined && { budget: agentBudget }) });
  const server = await createTestServer({ ...rest, agents: { bot }, models: { bot: model } });
  return { server, model };
}

test('maxTokens stops a model while it streams, and keeps what it said', async () => {
  const { server } = await serve([wordy]);
  await using _ = server;
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go', budget: { maxTokens: 200 } });
  const result = await run.result();
  expect(result).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED', message: expect.stringContaining('200 tokens') } });
  expect(result.text.length).toBeGreaterThan(400);
  expect(result.text.length).toBeLessThan(1_000);
  // What was said is paid for.
  expect(result.usage.outputTokens).toBeGreaterThan(100);
  expectSoundLog(await logOf(client, run.threadId));
});

test('within its budget a run ends as any other; at the limit the next model call is not made', async () => {
  const steps: ScriptedStep[] = [{ text: 'one', usage: { inputTokens: 90, outputTokens: 10 } }];
  const { server } = await serve(steps);
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'go', budget: { maxTokens: 100 } });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'one' });
});

test('a call whose input alone is too much is not made', async () => {
  const { server, model } = await serve([]);
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'x'.repeat(4_000), budget: { maxTokens: 500 } });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
  expect(model.requests).toHaveLength(0);
});

test('the tightest of the send, the agent and the server holds', async () => {
  for (const [server, agent, send] of [
    [{ maxTokens: 150 }, { maxTokens: 100_000 }, { maxTokens: 100_000 }],
    [{ maxTokens: 100_000 }, { maxTokens: 150 }, { maxTokens: 100_000 }],
    [() => ({ maxTokens: 150 }), undefined, undefined],
  ] as const) {
    const made = await serve([wordy], { budget: server, ...(agent !== undefined && { agentBudget: agent }) });
    await using _ = made.server;
    const run = await made.server.client().send({ agent: 'bot', text: 'go', ...(send !== undefined && { budget: send }) });
    expect(await run.result()).toMatchObject({ error: { code: 'BUDGET_EXCEEDED', message: expect.stringContaining('150 tokens') } });
  }
});

test('the budget of the server may depend on who sends', async () => {
  const { server } = await serve([wordy, wordy], { budget: ({ id }) => (id === 'guest' ? { maxTokens: 150 } : undefined) });
  await using _ = server;
  const guest = await server.as('guest').client().send({ agent: 'bot', text: 'go' });
  expect(await guest.result()).toMatchObject({ error: { code: 'BUDGET_EXCEEDED' } });
  const member = await server.as('member').client().send({ agent: 'bot', text: 'go' });
  expect(await member.result()).toMatchObject({ status: 'completed' });
});

test('maxCost counts by the price table, and refuses a model that has no price', async () => {
  const prices = { scripted: { input: 0, output: 1_000_000 } };
  const { server } = await serve([wordy], { prices });
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'go', budget: { maxCost: 100 } });
  const result = await run.result();
  expect(result).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED', message: expect.stringContaining('100 in cost') } });
  expect(result.text.length).toBeGreaterThan(300);
  const unpriced = await serve([]);
  await using __ = unpriced.server;
  const refused = await unpriced.server.client().send({ agent: 'bot', text: 'go', budget: { maxCost: 100 } });
  expect(await refused.result()).toMatchObject({ error: { code: 'BUDGET_EXCEEDED', message: expect.stringContaining('has no price') } });
});

test('maxDurationMs ends a run that takes longer, and one that goes on after it', async () => {
  const clock = createManualClock();
  const said = gate();
  const { server } = await serve([{ text: 'begun', until: said.opened }], { clock });
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'go', budget: { maxDurationMs: 5_000 } });
  await until(run, 'text.delta');
  await clock.advance(4_999);
  expect((await run.info()).status).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'failed', text: 'begun', error: { code: 'BUDGET_EXCEEDED' } });
});

test('child runs count for those above them, and maxSteps counts all model calls', async () => {
  const child = scriptedModel([wordy]);
  const boss = scriptedModel([{ toolCalls: [{ name: 'helper', input: { task: 'work' } }] }]);
  const helper = defineAgent({ description: 'helps', model: child });
  const lead = defineAgent({ description: '', model: boss, tools: [agentTool(helper, { name: 'helper', description: '' })] });
  await using server = await createTestServer({ agents: { lead, helper }, models: { lead: boss, helper: child } });
  const client = server.client();
  const run = await client.send({ agent: 'lead', text: 'go', budget: { maxTokens: 400 } });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
  const events = await logOf(client, run.threadId);
  expect(events.filter((event) => event.type === 'run.failed').map((event) => event.error.code)).toEqual([
    'BUDGET_EXCEEDED',
    'BUDGET_EXCEEDED',
  ]);
  expectSoundLog(events);
});

test('maxSteps counts the model calls of a run and of those under it', async () => {
  const child = scriptedModel([{ text: 'done' }]);
  const boss = scriptedModel([{ toolCalls: [{ name: 'helper', input: { task: 'work' } }] }]);
  const helper = defineAgent({ description: 'helps', model: child });
  const lead = defineAgent({ description: '', model: boss, tools: [agentTool(helper, { name: 'helper', description: '' })] });
  await using server = await createTestServer({ agents: { lead, helper }, models: { lead: boss, helper: child } });
  const run = await server.client().send({ agent: 'lead', text: 'go', budget: { maxSteps: 2 } });
  expect(await run.result()).toMatchObject({ error: { code: 'BUDGET_EXCEEDED', message: expect.stringContaining('2 model calls') } });
});

test('parallel agents share the budget that they are under while they stream', async () => {
  const models = { a: scriptedModel([wordy]), b: scriptedModel([wordy]) };
  const agents = { a: defineAgent({ description: '', model: models.a }), b: defineAgent({ description: '', model: models.b }) };
  await using server = await createTestServer({ agents, models });
  const client = server.client();
  const run = await client.send({ agents: ['a', 'b'], text: 'go', budget: { maxTokens: 300 } });
  await run.result();
  const events = await logOf(client, run.threadId);
  const said = events.reduce((sum, event) => sum + (event.type === 'text.delta' ? event.delta.length : 0), 0);
  expect(said / 4).toBeLessThan(320);
});

test('what a custom agent reports counts too', async () => {
  const bot = defineAgent({
    description: '',
    run: async function* () {
      yield { type: 'text.delta', delta: 'so far' } as const;
      yield { type: 'usage', model: 'mine', usage: { inputTokens: 90, outputTokens: 20 } } as const;
      yield { type: 'text.delta', delta: 'never said' } as const;
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'go', budget: { maxTokens: 100 } });
  expect(await run.result()).toMatchObject({ status: 'failed', text: 'so far', error: { code: 'BUDGET_EXCEEDED' } });
});

test('a budget is kept through a restart', async () => {
  const said = gate();
  const { server } = await serve([{ text: 'lost', until: said.opened }, wordy]);
  await using _ = server;
  const run = await server.client().send({ agent: 'bot', text: 'go', budget: { maxTokens: 200 } });
  await until(run, 'text.delta');
  await server.crash();
  expect(await server.client().run(run.id).result()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
});

test.each([
  ['a send', { budget: { maxTokens: 0 } }],
  ['a send', { budget: { maxTokens: 'many' } }],
])('%s with %o is refused', async (_what, wrong) => {
  const { server } = await serve([]);
  await using _ = server;
  // For those whom no compiler tells.
  await expect(server.client().send({ agent: 'bot', text: 'go', ...(wrong as object) })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('a budget that cannot be kept is refused where it is written', async () => {
  expect(() => defineAgent({ description: '', model: scriptedModel([]), budget: { maxTokens: -1 } })).toThrow('maxTokens');
  await expect(serve([], { budget: JSON.parse('{"maxToken":1}') })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('maxToken'),
  });
});
