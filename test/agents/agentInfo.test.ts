import { expect, test } from 'vitest';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, fallback, parallel, resilient, router } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

const model = (name: string) => ({ ...scriptedModel([]), name });
const never = (): never => {
  throw new Error('nothing of an agent is asked to tell of it');
};

const look = defineTool({
  name: 'look',
  description: 'looks',
  input: z.object({ at: z.string() }),
  output: z.object({ seen: z.boolean() }),
  idempotent: true,
  timeoutMs: 500,
  maxConcurrent: 2,
  needsApproval: never,
  execute: never,
});
const pick = defineTool({ name: 'pick', description: 'picks', input: z.object({}), output: z.string() });
const hidden = defineTool({
  name: 'hidden',
  description: '',
  input: z.object({}),
  output: z.string(),
  access: ['boss'],
  execute: () => 'x',
});

const search = defineTool({
  name: 'search',
  description: 'searches',
  input: z.object({}),
  output: z.string(),
  scopes: ['catalogue'],
  retry: { maxAttempts: 3 },
  cache: { ttlMs: 60_000 },
  execute: never,
});

const inner = defineAgent({ description: 'known to a tool alone', model: model('inner-1'), instructions: 'INNER' });
const secret = defineAgent({ description: 'for bosses', model: model('boss-1'), access: ['boss'] });
const writer = defineAgent({
  description: 'writes',
  model: model('writer-1'),
  instructions: 'THE-OPERATORS-OWN',
  tools: [look, pick, hidden, agentTool(inner, { name: 'ask_inner', description: 'asks' })],
  output: z.object({ answer: z.string() }),
  contextInput: z.object({ shop: z.string() }),
  maxSteps: 3,
  maxOutputTokens: 100,
  runTimeoutMs: 9_000,
  budget: { maxTokens: 5_000 },
  handoffs: () => [reader, secret],
});
const reader = defineAgent({ description: 'reads', model: never, instructions: never, tools: never });
const custom = defineAgent({
  description: 'mine',
  // biome-ignore lint/correctness/useYield: it is never run
  run: async function* () {
    never();
  },
});
const guarded = defineAgent({
  description: 'is careful',
  model: resilient(fallback([model('best'), fallback([model('second'), model('third')])])),
  tools: [search],
  scopes: ['catalogue', 'orders'],
  history: { summarize: { model: model('short-1'), maxTokens: 1_000 } },
  guards: {
    input: [
      { name: 'pii', check: never },
      { name: 'topic', blocking: true, check: never },
    ],
    output: [
      { name: 'toxic', check: never },
      { name: 'held', mode: 'hold', check: never },
    ],
  },
});
const desk = router({ description: 'chooses', agents: { writer, reader, secret }, model: model('desk-1') });
const both = defineAgent({
  description: 'asks both',
  model: model('both-1'),
  tools: [parallel([writer, reader], { name: 'ask_both', description: 'asks them' })],
});
const agents = { writer, reader, custom, desk, both, guarded, secret };

async function listFor(roles: readonly string[]) {
  await using server = await createTestServer({ agents });
  const list = await server.as({ id: 'ann', roles }).client().agents.list();
  return Object.fromEntries(list.map((agent) => [agent.name, agent]));
}

test('an agent is told whole from its definition: models, tools, schemas, limits, and whom it hands over to, asks and chooses from', async () => {
  const list = await listFor(['user']);
  expect(Object.keys(list)).toEqual(['writer', 'reader', 'custom', 'desk', 'both', 'guarded']);
  const { writer: told } = list;
  expect(told).toMatchObject({
    kind: 'model',
    models: ['writer-1'],
    handoffs: ['reader'],
    limits: { maxSteps: 3, maxOutputTokens: 100, runTimeoutMs: 9_000, budget: { maxTokens: 5_000 } },
    output: { type: 'object', properties: { answer: { type: 'string' } } },
    context: { type: 'object', properties: { shop: { type: 'string' } } },
  });
  expect(told?.tools).toMatchObject([
    {
      name: 'look',
      kind: 'execute',
      needsApproval: true,
      idempotent: true,
      timeoutMs: 500,
      maxConcurrent: 2,
      input: { properties: { at: { type: 'string' } } },
      output: { properties: { seen: { type: 'boolean' } } },
    },
    { name: 'pick', kind: 'client', idempotent: false },
    { name: 'ask_inner', kind: 'agents', asks: ['ask_inner'] },
  ]);
  expect(told?.tools[1]).not.toHaveProperty('needsApproval');
  expect(list.reader).toMatchObject({ kind: 'model', models: [], toolsVary: true, tools: [] });
  expect(list.reader).not.toHaveProperty('limits');
  expect(list.custom).toEqual({ name: 'custom', description: 'mine', kind: 'custom', tools: [] });
  expect(list.desk).toMatchObject({ kind: 'router', models: ['desk-1'], routes: ['writer', 'reader'] });
  expect(told?.history).toBe('all');
  expect(list.guarded).toMatchObject({
    models: ['best', 'second', 'third'],
    scopes: ['catalogue', 'orders'],
    history: { summarize: { model: 'short-1', maxTokens: 1_000, keepTokens: 500 } },
    tools: [{ scopes: ['catalogue'], maxAttempts: 3, cache: { ttlMs: 60_000, scope: 'principal' } }],
  });
  expect(list.guarded).not.toHaveProperty('guards');
  expect(list.both?.tools).toMatchObject([{ name: 'ask_both', asks: ['writer', 'reader'] }]);
});

test('what is for others is not told, by any name; instructions and guards are for administrators', async () => {
  const plain = JSON.stringify(await listFor(['user']));
  for (const word of ['THE-OPERATORS-OWN', 'INNER', 'boss-1', 'hidden', 'secret']) expect(plain).not.toContain(word);
  const admin = await listFor(['admin']);
  expect(admin.writer).toMatchObject({ instructions: 'THE-OPERATORS-OWN', handoffs: ['reader', 'secret'] });
  expect(admin.guarded?.guards).toEqual([
    { name: 'pii', stage: 'input', mode: 'beside' },
    { name: 'topic', stage: 'input', mode: 'before' },
    { name: 'toxic', stage: 'output', mode: 'tripwire' },
    { name: 'held', stage: 'output', mode: 'hold' },
  ]);
  expect(admin.reader).not.toHaveProperty('instructions');
});

test('of a tool that works in a thread of its own the module is not told', async () => {
  const heavy = defineTool({
    name: 'heavy',
    description: '',
    input: z.object({}),
    output: z.string(),
    worker: true,
    module: 'file:///srv/app/heavy.ts',
    execute: () => 'x',
  });
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model: model('m'), tools: [heavy] }) } });
  const [bot] = await server.client().agents.list();
  expect(bot?.tools).toMatchObject([{ worker: true }]);
  expect(JSON.stringify(bot)).not.toContain('/srv/app');
});
