import { describe, expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Model } from '../../src/agents/model.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, eventsOf, expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const never = new Promise<void>(() => {});
const agentOf = (...tools: ReturnType<typeof countingTool>['tool'][]) => ({
  bot: defineAgent({ description: 'bot', model: scriptedModel([]), tools }),
});

test('a running run is cancelled from another connection; its text is kept', async () => {
  const model = scriptedModel([{ text: 'so far', until: never }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'a' });
  await until(run, 'text.delta');
  await server.client().run(run.id).cancel();
  expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'so far', cancelledBy: 'local' });
  const events = await eventsOf(run);
  expect(events.find((event) => event.type === 'message.completed')).toMatchObject({ text: 'so far', finish: 'cancelled' });
  expectSoundLog(events);
});

test('cancelled before the first token: the empty message is withdrawn', async () => {
  const model = scriptedModel([{ waitFor: never }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'a' });
  await until(run, 'message.started');
  await run.cancel();
  const events = await eventsOf(run);
  expect(events.find((event) => event.type === 'message.discarded')).toMatchObject({ reason: 'empty' });
  expectSoundLog(events);
});

test('a queued run ends at once and never starts; the next one is not held up', async () => {
  const held = gate();
  const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'three' }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const client = server.client();
  const first = await client.send({ agent: 'bot', text: 'a' });
  const { threadId } = first;
  const second = await client.send({ agent: 'bot', text: 'b', threadId });
  const third = await client.send({ agent: 'bot', text: 'c', threadId });
  expect(await second.cancel()).toMatchObject({ status: 'cancelled' });
  held.open();
  expect(await third.text()).toBe('three');
  expect(model.requests[1]?.messages.map((message) => 'text' in message && message.text)).toEqual(['a', 'one', 'c']);
  expectSoundLog(await logOf(client, threadId));
});

test('a run that waits for room ends when it is cancelled, and gives none back', async () => {
  const held = gate();
  const model = scriptedModel([{ text: 'one', until: held.opened }, { text: 'three' }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model }, limits: { maxRuns: 1 } });
  const client = server.client();
  const first = await client.send({ agent: 'bot', text: 'a' });
  const second = await client.send({ agent: 'bot', text: 'b' });
  const third = await client.send({ agent: 'bot', text: 'c' });
  await second.cancel();
  expect(await second.result()).toMatchObject({ status: 'cancelled' });
  held.open();
  expect(await third.text()).toBe('three');
  await first.result();
  await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0));
});

test('an orphaned run that waits for room after a crash ends when it is cancelled', async () => {
  const model = scriptedModel([
    { text: 'a', until: never },
    { text: 'b', until: never },
    { text: 'a', until: never },
  ]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const client = server.client();
  const first = await client.send({ agent: 'bot', text: 'a' });
  const second = await client.send({ agent: 'bot', text: 'b' });
  await Promise.all([until(first, 'text.delta'), until(second, 'text.delta')]);
  await server.crash({ limits: { maxRuns: 1 } });
  await second.cancel();
  expect(await second.result()).toMatchObject({ status: 'cancelled', text: 'b' });
  await first.cancel();
  expect(await first.result()).toMatchObject({ status: 'cancelled' });
});

test('cancelling again, twice at once, or after the end changes nothing', async () => {
  const model = scriptedModel([{ text: 'x', until: never }, { text: 'done' }]);
  await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'a' });
  await until(run, 'text.delta');
  await Promise.all([run.cancel(), server.client().run(run.id).cancel()]);
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  expect(await run.cancel()).toMatchObject({ status: 'cancelled' });
  const done = await client.send({ agent: 'bot', text: 'b' });
  await done.result();
  expect(await done.cancel()).toMatchObject({ status: 'completed' });
  expectSoundLog(await logOf(client, run.threadId));
  expectSoundLog(await logOf(client, done.threadId));
});

test('a cancel that meets the end of the run: one terminal event, whoever wins', async () => {
  for (let round = 0; round < 10; round++) {
    const held = gate();
    const model = scriptedModel([{ text: 'x', until: held.opened }]);
    await using server = await createTestServer({ agents: agentOf(), models: { bot: model } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    await until(run, 'text.delta');
    const cancelling = run.cancel();
    for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
    held.open();
    await cancelling;
    expect(['cancelled', 'completed']).toContain((await run.result()).status);
    expectSoundLog(await logOf(client, run.threadId));
  }
});

describe('work that ignores its signal', () => {
  test('a tool holds the run for the grace; then its outcome is unknown and its late result is dropped', async () => {
    const clock = createManualClock();
    const late = gate();
    const { tool, calls } = countingTool('deaf', () => late.opened.then(() => ({ done: true })));
    const model = scriptedModel([{ text: 'wait', toolCalls: [{ name: 'deaf' }] }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model }, clock });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await run.cancel();
    await clock.advance(9_999);
    expect((await run.info()).status).toBe('running');
    await clock.advance(1);
    expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'wait' });
    late.open();
    await late.opened;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const events = await logOf(client, run.threadId);
    expect(events.find((event) => event.type === 'tool.failed')).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } });
    expect(events.at(-1)?.type).toBe('run.cancelled');
    expectSoundLog(events);
  });

  test('a tool that stops in time ends the run at once', async () => {
    const clock = createManualClock();
    const { tool, calls } = countingTool(
      'slow',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ done: true }))),
    );
    const model = scriptedModel([{ toolCalls: [{ name: 'slow' }] }]);
    await using server = await createTestServer({ agents: agentOf(tool), models: { bot: model }, clock });
    const run = await server.client().send({ agent: 'bot', text: 'a' });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await run.cancel();
    const events = await eventsOf(run);
    expect(events.slice(-2).map((event) => event.type)).toEqual(['tool.completed', 'run.cancelled']);
  });

  test('a model is left behind after the grace; what it says later is dropped', async () => {
    const clock = createManualClock();
    const late = gate();
    const deaf: Model = {
      name: 'deaf',
      async *stream() {
        yield { type: 'text', delta: 'so far' };
        await late.opened;
        yield { type: 'text', delta: ' and later' };
        yield { type: 'finish', finish: 'stop', toolCalls: [] };
      },
    };
    await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model: deaf }) }, clock });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'a' });
    await until(run, 'text.delta');
    await run.cancel();
    await clock.advance(10_000);
    expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'so far' });
    late.open();
    await vi.waitFor(() => expect(server.stats.heldLogs).toBe(0));
    expect((await logOf(client, run.threadId)).at(-1)?.type).toBe('run.cancelled');
  });
});
