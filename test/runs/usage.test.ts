import { describe, expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Model } from '../../src/agents/model.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { prepareQueries } from '../../src/db/queries.ts';
import { agentTool, router } from '../../src/index.ts';
import { addUsage, NO_USAGE, priced, shownUsage, usageOfModel } from '../../src/protocol/usage.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, serveFile } from './runSupport.ts';

checkLeaks();

const PRICES = { big: { input: 2, output: 10, cached: 0.5, reasoning: 20 }, small: { input: 0.1, output: 0.4 } };

describe('the sum of usages', () => {
  const big = usageOfModel('big', { inputTokens: 10, outputTokens: 5, cachedTokens: 4, cost: 0.1 });
  const small = usageOfModel('small', { inputTokens: 1, outputTokens: 1, reasoningTokens: 1, cost: 0.2 });

  test('is kept by model, and shown so where there are two', () => {
    const twice = addUsage(addUsage(NO_USAGE, big), big);
    expect(shownUsage(twice)).toEqual({ inputTokens: 20, outputTokens: 10, cachedTokens: 8, cost: 0.2 });
    const both = addUsage(twice, small);
    expect(shownUsage(both)).toEqual({
      inputTokens: 21,
      outputTokens: 11,
      cachedTokens: 8,
      reasoningTokens: 1,
      cost: 0.4,
      models: {
        big: { inputTokens: 20, outputTokens: 10, cachedTokens: 8, cost: 0.2 },
        small: { inputTokens: 1, outputTokens: 1, reasoningTokens: 1, cost: 0.2 },
      },
    });
  });

  test('is the same for a child run as for its calls one by one', () => {
    const child = addUsage(addUsage(NO_USAGE, small), big);
    expect(addUsage(addUsage(NO_USAGE, big), child)).toEqual(addUsage(addUsage(addUsage(NO_USAGE, big), small), big));
  });

  test('has no cost when a part has none, whatever is added later', () => {
    const unpriced = usageOfModel('own', { inputTokens: 3, outputTokens: 0 });
    for (const order of [
      [big, unpriced, small],
      [unpriced, big, small],
      [big, small, unpriced],
    ]) {
      const total = order.reduce(addUsage, NO_USAGE);
      expect(total.cost).toBeUndefined();
      expect(total.models).toMatchObject({ big: { cost: 0.1 }, small: { cost: 0.2 } });
      expect(total.models?.own).not.toHaveProperty('cost');
    }
  });

  test('keeps its cost when a call of a model without a price came from a cache', () => {
    expect(addUsage(big, usageOfModel('own', { inputTokens: 0, outputTokens: 0, cachedCalls: 1 }))).toMatchObject({
      cost: 0.1,
      cachedCalls: 1,
    });
  });

  test('is estimated when a part is', () => {
    expect(addUsage(big, usageOfModel('small', { inputTokens: 1, outputTokens: 1, estimated: true }))).toMatchObject({
      estimated: true,
      models: { big: { inputTokens: 10 }, small: { estimated: true } },
    });
    expect(addUsage(big, small)).not.toHaveProperty('estimated');
  });

  test('takes any name for a model', () => {
    const odd = addUsage(
      usageOfModel('__proto__', { inputTokens: 1, outputTokens: 1 }),
      usageOfModel('constructor', { inputTokens: 2, outputTokens: 2 }),
    );
    expect(Object.keys(odd.models ?? {}).sort()).toEqual(['__proto__', 'constructor']);
  });
});

test('the price of cached input and of reasoning is for those tokens alone, and that of a million', () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000, cachedTokens: 400_000, reasoningTokens: 100_000 };
  expect(priced(usage, PRICES.big).cost).toBe(0.6 * 2 + 0.4 * 0.5 + 0.9 * 10 + 0.1 * 20);
  expect(priced(usage, PRICES.small).cost).toBe(0.5);
  expect(priced(usage, undefined)).toEqual(usage);
  expect(priced({ inputTokens: 1, outputTokens: 0, cachedTokens: 5 }, PRICES.big).cost).toBe(0.000_000_5);
});

/** Answers as the one model and then as the other. */
function twoModels(): Model {
  let calls = 0;
  return {
    name: 'big',
    async *stream() {
      calls++;
      if (calls === 2) yield { type: 'switched', from: 'big', to: 'small', reason: 'as scripted' };
      yield { type: 'text', delta: 'x' };
      const toolCalls = calls === 1 ? [{ tool: 'look', arguments: '{}' }] : [];
      yield { type: 'finish', finish: 'stop', toolCalls, usage: { inputTokens: 1_000_000, outputTokens: 0 } };
    },
  };
}

test('a run counts by model, with its cost; each step keeps its own', async () => {
  const bot = defineAgent({ description: '', model: twoModels(), tools: [countingTool('look').tool] });
  const { server, database } = await serveFile({ agents: { bot }, prices: PRICES });
  await using _ = server;
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'hello' });
  const { usage } = await run.result();
  const expected = {
    inputTokens: 2_000_000,
    outputTokens: 0,
    cost: 2.1,
    models: { big: { inputTokens: 1_000_000, outputTokens: 0, cost: 2 }, small: { inputTokens: 1_000_000, outputTokens: 0, cost: 0.1 } },
  };
  expect(usage).toEqual(expected);
  expect((await client.trpc.runs.get.query({ runId: run.id })).usage).toEqual(expected);
  const opened = openDatabase({ file: database, readonly: true });
  const queries = prepareQueries(opened.raw);
  const steps = queries.steps.ofRun(queries.runs.byId(run.id)?.key ?? 0).map(({ step }) => ({ model: step.model, usage: step.usage }));
  await opened.close();
  expect(steps).toEqual([
    { model: 'big', usage: { inputTokens: 1_000_000, outputTokens: 0, cost: 2 } },
    { model: 'small', usage: { inputTokens: 1_000_000, outputTokens: 0, cost: 0.1 } },
  ]);
});

test('a run of one model has no list of models, and without a price no cost', async () => {
  const bot = defineAgent({
    description: '',
    model: scriptedModel([{ text: 'a', usage: { inputTokens: 3, outputTokens: 4 } }], { name: 'own' }),
  });
  await using server = await createTestServer({ agents: { bot }, prices: PRICES });
  const run = await server.client().send({ agent: 'bot', text: 'hello' });
  expect((await run.result()).usage).toEqual({ inputTokens: 3, outputTokens: 4 });
});

test('usage that the provider does not report is estimated, marked, and priced', async () => {
  const bot = defineAgent({ description: '', model: scriptedModel([{ text: 'a', usage: null }], { name: 'small' }) });
  await using server = await createTestServer({ agents: { bot }, prices: PRICES });
  const { usage } = await (await server.client().send({ agent: 'bot', text: 'hello' })).result();
  expect(usage).toMatchObject({ estimated: true, outputTokens: 1, cost: expect.any(Number) });
});

test('a price that is none is refused, and named', async () => {
  const bot = defineAgent({ description: '', model: scriptedModel([]) });
  await expect(createTestServer({ agents: { bot }, prices: { big: { input: -1, output: 1 } } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'The input price of the model "big" must be a number of 0 or more.',
  });
});

test('what a child run and a router used counts for the run, each under its model', async () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0 };
  const helper = defineAgent({ description: '', model: scriptedModel([{ text: '42', usage }], { name: 'small' }) });
  const asking = scriptedModel(
    [
      { toolCalls: [{ name: 'ask', input: { task: 'What?' } }], usage },
      { text: 'It is 42.', usage },
    ],
    { name: 'big' },
  );
  const boss = defineAgent({ description: '', model: asking, tools: [agentTool(helper, { name: 'ask', description: '' })] });
  const choosing = scriptedModel([{ text: '{"to":"boss","reason":"it knows"}', usage }], { name: 'small' });
  const desk = router({ description: '', agents: { boss }, model: choosing });
  await using server = await createTestServer({ agents: { desk, boss, helper }, prices: PRICES });
  const run = await server.client().send({ agent: 'desk', text: 'What?' });
  expect(await run.result()).toMatchObject({
    status: 'completed',
    usage: {
      inputTokens: 4_000_000,
      cost: 4.2,
      models: { big: { inputTokens: 2_000_000, cost: 4 }, small: { inputTokens: 2_000_000, cost: 0.2 } },
    },
  });
});

test('an answer that was stopped counts as far as it came, and says that it is estimated', async () => {
  const bot = defineAgent({ description: '', model: scriptedModel([]) });
  const model = scriptedModel([{ text: 'half an answer', until: new Promise(() => {}) }], { name: 'm' });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model }, prices: { m: { input: 1, output: 1 } } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  for await (const event of run) if (event.type === 'text.delta') break;
  await run.cancel();
  const { status, usage } = await run.result();
  expect(status).toBe('cancelled');
  expect(usage).toMatchObject({ estimated: true, inputTokens: expect.any(Number), cost: expect.any(Number) });
  expect(usage.outputTokens).toBe(4);
});
