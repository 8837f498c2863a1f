import { describe, expect, test } from 'vitest';
import { defineAgent, type InferApi, router } from '../../src/index.ts';
import { createTestServer, type ScriptedModelTurn, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const bot = (description: string) => defineAgent({ description, model: scriptedModel([]) });
const billing = bot('Knows bills');
const tech = bot('Knows machines');

async function route(turn: ScriptedModelTurn) {
  const chooser = scriptedModel([turn]);
  const auto = router({ description: 'Finds who knows', agents: { billing, tech }, model: chooser, fallback: 'tech' });
  const agents = { auto, billing, tech };
  const models = { billing: scriptedModel([{ text: 'a bill' }]), tech: scriptedModel([{ text: 'a machine' }]) };
  const server = await createTestServer({
    agents,
    models: turn.text?.includes('billing') ? { billing: models.billing } : { tech: models.tech },
  });
  return { server, chooser, client: server.client<InferApi<typeof agents>>() };
}

describe('a router', () => {
  test('lets a model choose, says why, and the chosen agent answers in the same run', async () => {
    const { server, chooser, client } = await route({
      text: '{"to":"billing","reason":"it is about money"}',
      usage: { inputTokens: 7, outputTokens: 3 },
    });
    await using _ = server;
    const run = await client.send({ agent: 'auto', text: 'my bill' });
    const result = await run.result();
    expect(result).toMatchObject({ status: 'completed', text: 'a bill' });
    expect(result.usage.inputTokens).toBeGreaterThan(7);
    const events = await eventsOf(client.run(run.id));
    expect(events.find((event) => event.type === 'agent.routed')).toMatchObject({ to: 'billing', reason: 'it is about money' });
    expect(chooser.requests[0]).toMatchObject({ output: { schema: { properties: { to: { enum: ['billing', 'tech'] } } } } });
    expectSoundLog(events);
  });

  test.each<[why: string, turn: ScriptedModelTurn]>([
    ['names nobody', { text: '{"to":"nobody","reason":"?"}' }],
    ['says no JSON', { text: 'well' }],
    ['fails', { error: { code: 'MODEL_BAD_REQUEST', message: 'No.' } }],
  ])('whose model %s falls back', async (_why, turn) => {
    const { server, client } = await route(turn);
    await using _ = server;
    const run = await client.send({ agent: 'auto', text: 'hm' });
    expect(await run.text()).toBe('a machine');
    expect((await eventsOf(run)).find((event) => event.type === 'agent.routed')).toMatchObject({
      to: 'tech',
      reason: expect.stringContaining('fallback'),
    });
  });

  test('takes a function in the place of the model', async () => {
    const auto = router({
      description: '',
      agents: { billing, tech },
      route: ({ text }) => (text.includes('bill') ? { to: 'billing', reason: 'said so' } : undefined),
    });
    await using server = await createTestServer({
      agents: { auto, billing, tech },
      models: { billing: scriptedModel([{ text: 'one' }, { text: 'two' }]) },
    });
    const client = server.client();
    expect(await (await client.send({ agent: 'auto', text: 'bill' })).text()).toBe('one');
    expect(await (await client.send({ agent: 'auto', text: 'other' })).text()).toBe('two');
  });

  test('is asked once: after a crash the chosen agent goes on', async () => {
    const held = gate();
    const chooser = scriptedModel([{ text: '{"to":"tech","reason":"r"}' }]);
    const auto = router({ description: '', agents: { billing, tech }, model: chooser });
    const model = scriptedModel([{ text: 'half', until: held.opened }, { text: 'whole' }]);
    await using server = await createTestServer({ agents: { auto, billing, tech }, models: { tech: model } });
    const client = server.client();
    const run = await client.send({ agent: 'auto', text: 'go' });
    await until(run, 'text.delta');
    await server.crash();
    held.open();
    expect(await run.text()).toBe('whole');
    expect(chooser.remaining).toBe(0);
    expectSoundLog(await logOf(client, run.threadId));
  });

  test('knows agents that nobody else knows', async () => {
    const auto = router({
      description: '',
      agents: { hidden: defineAgent({ description: '', model: scriptedModel([{ text: 'here' }]) }) },
      route: () => undefined,
    });
    await using server = await createTestServer({ agents: { auto } });
    const client = server.client();
    expect(await (await client.send({ agent: 'auto', text: 'go' })).text()).toBe('here');
    await expect(client.send({ agent: 'hidden', text: 'go' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
