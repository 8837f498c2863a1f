import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createManualClock, createTestServer } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { countingTool, eventsOf, expectSoundLog, gate, logOf, until, untilAborted } from './runSupport.ts';

checkLeaks();

const { tool } = countingTool('look');
const data = { chart: z.object({ points: z.array(z.number()) }) };
type Yielded = { readonly type: string; readonly [field: string]: unknown };

/** An agent that yields whatever it is given, typed or not. */
const yielding = (events: readonly unknown[]) =>
  defineAgent({
    description: '',
    tools: [tool],
    data,
    run: async function* () {
      yield* events as never[];
    },
  });

async function play(events: readonly unknown[], limits = {}) {
  await using server = await createTestServer({ agents: { bot: yielding(events) }, limits });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  const result = await run.result();
  const log = await logOf(client, run.threadId);
  expectSoundLog(log);
  return { result, log };
}

test('everything it may yield becomes an event, in order', async () => {
  const { result, log } = await play([
    { type: 'reasoning.delta', delta: 'hm' },
    { type: 'text.delta', delta: 'let me look' },
    { type: 'tool.called', callId: 'a', tool: 'look', input: { n: 1 } },
    { type: 'tool.progress', callId: 'a', data: 'half' },
    { type: 'tool.called', callId: 'b', tool: 'look', input: {} },
    { type: 'tool.completed', callId: 'a', output: { done: true } },
    { type: 'tool.failed', callId: 'b', error: { message: 'no such thing' } },
    { type: 'data', name: 'chart', data: { points: [1, 2] } },
    { type: 'run.status', text: 'nearly there' },
    { type: 'text.delta', delta: 'found' },
    { type: 'message.completed' },
    { type: 'text.delta', delta: 'and bye' },
  ]);
  expect(result).toMatchObject({ status: 'completed', text: 'and bye' });
  expect(log.filter((event) => !event.type.endsWith('delta')).map((event) => event.type)).toEqual([
    'message.received',
    'run.started',
    'message.started',
    'message.completed',
    'tool.called',
    'tool.progress',
    'tool.called',
    'tool.completed',
    'tool.failed',
    'data',
    'run.status',
    'message.started',
    'message.completed',
    'message.started',
    'message.completed',
    'run.completed',
  ]);
  expect(log.find((event) => event.type === 'data')).toMatchObject({ name: 'chart', data: { points: [1, 2] } });
});

const call: Yielded = { type: 'tool.called', callId: 'a', tool: 'look', input: {} };

describe('what is not an event fails the run with AGENT_BAD_EVENT; what came before it is kept', () => {
  test.each<[name: string, events: readonly unknown[]]>([
    ['no object', ['text']],
    ['nothing', [undefined]],
    ['an unknown type', [{ type: 'text' }]],
    ['an event that only the server makes', [{ type: 'run.completed' }]],
    ['a delta that is no text', [{ type: 'text.delta', delta: 1 }]],
    ['a tool it does not have', [{ ...call, tool: 'pay' }]],
    ['an input that the tool refuses', [{ ...call, input: { n: 'one' } }]],
    ['the same call twice', [call, call]],
    ['an outcome of a call it did not make', [{ type: 'tool.completed', callId: 'x', output: { done: true } }]],
    ['an output that the tool refuses', [call, { type: 'tool.completed', callId: 'a', output: {} }]],
    [
      'a second outcome',
      [call, { type: 'tool.failed', callId: 'a', error: { message: 'x' } }, { type: 'tool.progress', callId: 'a', data: 1 }],
    ],
    ['a data part it does not declare', [{ type: 'data', name: 'map', data: {} }]],
    ['a data part named like a thing of every object', [{ type: 'data', name: 'constructor', data: {} }]],
    ['data that its schema refuses', [{ type: 'data', name: 'chart', data: { points: 'many' } }]],
  ])('%s', async (_name, events) => {
    const { result } = await play([{ type: 'text.delta', delta: 'so far' }, ...events]);
    expect(result).toMatchObject({ status: 'failed', text: 'so far', error: { code: 'AGENT_BAD_EVENT' } });
  });
});

test('data and outputs are bounded', async () => {
  const { result } = await play([{ type: 'data', name: 'chart', data: { points: Array.from({ length: 50_000 }, () => 1) } }]);
  expect(result).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_TOO_LARGE' } });
});

test('a message is bounded, and so is their number', async () => {
  const long = await play([{ type: 'text.delta', delta: '€'.repeat(400) }], { maxMessageBytes: 1_000 });
  expect(long.result).toMatchObject({ error: { code: 'MODEL_OUTPUT_TOO_LARGE' } });
  const pieces = Array.from({ length: 4 }, () => [{ type: 'text.delta', delta: 'x' }, { type: 'message.completed' }]).flat();
  expect((await play(pieces, { maxSteps: 3 })).result).toMatchObject({ error: { code: 'STEP_LIMIT' } });
});

test('one that throws fails its run, and readers are not told why', async () => {
  const bot = defineAgent({
    description: '',
    run: async function* () {
      yield { type: 'text.delta', delta: 'so far' };
      throw new Error('password is hunter2');
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  expect(await run.result()).toMatchObject({ status: 'failed', text: 'so far', error: { code: 'AGENT_FAILED' } });
  expect(JSON.stringify(await eventsOf(run))).not.toContain('hunter2');
});

test('a cancel reaches it, and the run ends when its finally blocks have run', async () => {
  const cleaned = gate();
  const steps: string[] = [];
  const bot = defineAgent({
    description: '',
    run: async function* ({ signal }) {
      try {
        yield { type: 'text.delta', delta: 'so far' };
        await untilAborted(signal);
      } finally {
        steps.push('stopping');
        await cleaned.opened;
        steps.push('stopped');
      }
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  await until(run, 'text.delta');
  await run.cancel();
  await vi.waitFor(() => expect(steps).toEqual(['stopping']));
  expect((await run.info()).status).toBe('running');
  cleaned.open();
  expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'so far' });
  expect(steps).toEqual(['stopping', 'stopped']);
});

test('also when the cancel finds it between two events', async () => {
  const cleaned = gate();
  const steps: string[] = [];
  const bot = defineAgent({
    description: '',
    run: async function* () {
      try {
        for (;;) {
          yield { type: 'text.delta', delta: 'on and on ' };
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        steps.push('stopping');
        await cleaned.opened;
        steps.push('stopped');
      }
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await until(run, 'text.delta');
  await run.cancel();
  await vi.waitFor(() => expect(steps).toEqual(['stopping']));
  // Commits keep their order: had the run ended, it would have before this.
  await client.threads.create();
  expect((await run.info()).status).toBe('running');
  cleaned.open();
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  expect(steps).toEqual(['stopping', 'stopped']);
});

test('one that is deaf is left behind after the grace', async () => {
  const clock = createManualClock();
  const late = gate();
  const bot = defineAgent({
    description: '',
    run: async function* () {
      yield { type: 'text.delta', delta: 'so far' };
      await late.opened;
      yield { type: 'text.delta', delta: ', and later' };
    },
  });
  await using server = await createTestServer({ agents: { bot }, clock });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'go' });
  await until(run, 'text.delta');
  await run.cancel();
  await clock.advance(10_000);
  expect(await run.result()).toMatchObject({ status: 'cancelled', text: 'so far' });
  late.open();
  await vi.waitFor(() => expect(server.stats.heldLogs).toBe(0));
  expect((await logOf(client, run.threadId)).at(-1)?.type).toBe('run.cancelled');
});

test('its time limit reaches it', async () => {
  const clock = createManualClock();
  let reason: unknown;
  const bot = defineAgent({
    description: '',
    stepTimeoutMs: 1_000,
    run: async function* ({ signal }) {
      yield { type: 'text.delta', delta: 'so far' };
      await untilAborted(signal).catch((cause) => {
        reason = cause;
      });
    },
  });
  await using server = await createTestServer({ agents: { bot }, clock });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  await until(run, 'text.delta');
  await clock.advance(1_000);
  expect(await run.result()).toMatchObject({ status: 'failed', text: 'so far', error: { code: 'STEP_TIMEOUT' } });
  expect(reason).toMatchObject({ code: 'STEP_TIMEOUT' });
});

test('after a crash it runs again, with attempt 2 and what had finished', async () => {
  const seen: unknown[] = [];
  const bot = defineAgent({
    description: '',
    run: async function* ({ attempt, messages, text, signal }) {
      seen.push([attempt, text, messages.map((message) => message.role)]);
      if (attempt === 1) {
        yield { type: 'text.delta', delta: 'finished' };
        yield { type: 'message.completed' };
        yield { type: 'text.delta', delta: 'unfinished' };
        await untilAborted(signal);
      }
      yield { type: 'text.delta', delta: 'the rest' };
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'go' });
  let deltas = 0;
  for await (const event of run) if (event.type === 'text.delta' && ++deltas === 2) break;
  await server.crash();
  expect(await run.text()).toBe('the rest');
  expect(seen).toEqual([
    [1, 'go', ['user']],
    [2, 'go', ['user', 'assistant']],
  ]);
});

test('what is steered into it is answered by running it again', async () => {
  const held = gate();
  const seen: string[] = [];
  const bot = defineAgent({
    description: '',
    run: async function* ({ text }) {
      seen.push(text);
      yield { type: 'text.delta', delta: `re: ${text}` };
      await held.opened;
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const client = server.client();
  const run = await client.send({ agent: 'bot', text: 'a' });
  await until(run, 'text.delta');
  const steer = await client.send({ agent: 'bot', text: 'b', threadId: run.threadId, whenBusy: 'steer' });
  expect(steer.receipt.runId).toBe(run.id);
  held.open();
  expect(await run.text()).toBe('re: b');
  expect(seen).toEqual(['a', 'b']);
});
