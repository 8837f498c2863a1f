import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, expectSoundLog, gate, logOf, until } from './runSupport.ts';

checkLeaks();

const never = new Promise<void>(() => {});

/** Answers with the text it is sent, once its gate is open. */
function echo() {
  const gates = new Map<string, ReturnType<typeof gate>>();
  const order: string[] = [];
  const gateOf = (text: string) => {
    const found = gates.get(text) ?? gate();
    gates.set(text, found);
    return found;
  };
  const agent = defineAgent({
    description: 'echo',
    run: async function* ({ text, signal }) {
      order.push(text);
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([gateOf(text).opened, aborted]);
      yield { type: 'text.delta', delta: text };
    },
  });
  return { agents: { echo: agent }, order, open: (text: string) => gateOf(text).open() };
}

const placeOf = (events: readonly AnyEvent[]): number | undefined =>
  events.flatMap((event) => (event.type === 'run.queued' ? [event.place] : []))[0];

test('more runs than maxRuns wait in order, and say their place', async () => {
  const { agents, order, open } = echo();
  await using server = await createTestServer({ agents, limits: { maxRuns: 2 } });
  const client = server.client();
  const runs = [];
  for (const text of ['a', 'b', 'c', 'd', 'e']) runs.push(await client.send({ agent: 'echo', text }));
  expect(runs.map((run) => run.receipt.disposition)).toEqual(['started', 'started', 'queued', 'queued', 'queued']);
  await vi.waitFor(() => expect(order).toEqual(['a', 'b']));
  const places = await Promise.all(runs.map(async (run) => placeOf(await logOf(client, run.threadId))));
  expect(places).toEqual([undefined, undefined, 1, 2, 3]);
  expect(server.stats.activeRuns).toBe(2);
  for (const text of ['b', 'a', 'c', 'd', 'e']) open(text);
  await Promise.all(runs.map((run) => run.result()));
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('sends that arrive together get a place each', async () => {
  const { agents, open } = echo();
  await using server = await createTestServer({ agents, limits: { maxRuns: 1 } });
  const client = server.client();
  const first = await client.send({ agent: 'echo', text: 'a' });
  const others = await Promise.all(['b', 'c', 'd'].map((text) => client.send({ agent: 'echo', text })));
  const places = await Promise.all(others.map(async (run) => placeOf(await logOf(client, run.threadId))));
  expect(places.sort()).toEqual([1, 2, 3]);
  for (const text of ['a', 'b', 'c', 'd']) open(text);
  await Promise.all([first, ...others].map((run) => run.result()));
});

test('a principal with all of its room in use waits; others do not wait for it', async () => {
  const { agents, order, open } = echo();
  await using server = await createTestServer({ agents, limits: { maxRunsPerPrincipal: 1 } });
  const ann = server.as('ann').client();
  const bob = server.as('bob').client();
  const runs = [await ann.send({ agent: 'echo', text: 'a1' }), await ann.send({ agent: 'echo', text: 'a2' })];
  const bobs = await bob.send({ agent: 'echo', text: 'b1' });
  expect([...runs, bobs].map((run) => run.receipt.disposition)).toEqual(['started', 'queued', 'started']);
  open('b1');
  expect(await bobs.text()).toBe('b1');
  expect(order).not.toContain('a2');
  open('a1');
  open('a2');
  expect(await runs[1]?.text()).toBe('a2');
});

test('a run that needs more than maxSteps model calls fails with STEP_LIMIT, its tools done', async () => {
  const { tool, calls } = countingTool('again');
  const turn = { toolCalls: [{ name: 'again' }] };
  const model = scriptedModel(Array.from({ length: 25 }, () => turn));
  const bot = defineAgent({ description: '', model, tools: [tool] });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'STEP_LIMIT', retryable: false } });
  expect(calls).toHaveLength(25);
  expectSoundLog(await logOf(client, run.threadId));
});

test('an agent has a step limit of its own', async () => {
  const { tool } = countingTool('again');
  const model = scriptedModel([{ toolCalls: [{ name: 'again' }] }, { toolCalls: [{ name: 'again' }] }]);
  const bot = defineAgent({ description: '', model, tools: [tool], maxSteps: 2 });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  expect(await run.result()).toMatchObject({ error: { code: 'STEP_LIMIT' } });
});

test('a step that takes too long fails the run with STEP_TIMEOUT; its text is kept', async () => {
  const clock = createManualClock();
  const model = scriptedModel([{ text: 'so far', until: never }]);
  const bot = defineAgent({ description: '', model, stepTimeoutMs: 5_000 });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model }, clock });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  await until(run, 'text.delta');
  await clock.advance(4_999);
  expect((await run.info()).status).toBe('running');
  await clock.advance(1);
  expect(await run.result()).toMatchObject({ status: 'failed', text: 'so far', error: { code: 'STEP_TIMEOUT', retryable: true } });
});

test('a run that takes too long fails with RUN_TIMEOUT, also between steps', async () => {
  const clock = createManualClock();
  const { tool, calls } = countingTool(
    'slow',
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const model = scriptedModel([{ text: 'wait', toolCalls: [{ name: 'slow' }] }]);
  const bot = defineAgent({ description: '', model, tools: [tool], runTimeoutMs: 5_000 });
  await using server = await createTestServer({ agents: { bot }, models: { bot: model }, clock });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  await clock.advance(5_000);
  expect(await run.result()).toMatchObject({ status: 'failed', text: 'wait', error: { code: 'RUN_TIMEOUT' } });
  expectSoundLog(await logOf(client, run.threadId));
});

test('a thread holds so many waiting messages and no more', async () => {
  const { agents, open } = echo();
  await using server = await createTestServer({ agents, limits: { maxQueuedPerThread: 2 } });
  const client = server.client();
  const { threadId, ...first } = await client.send({ agent: 'echo', text: 'a' });
  await client.send({ agent: 'echo', text: 'b', threadId });
  await client.send({ agent: 'echo', text: 'c', threadId, whenBusy: 'steer' });
  await expect(client.send({ agent: 'echo', text: 'd', threadId })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  for (const text of ['a', 'b', 'c']) open(text);
  await client.run(first.id).result();
});
