import { describe, expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { openai } from '../../src/agents/models/openai.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import {
  createTestServer,
  type ModelServerQuirks,
  type ModelServerTurn,
  scriptedModel,
  startModelServer,
} from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { eventsOf, expectSoundLog } from './runSupport.ts';

checkLeaks();

const KEY = 'sk-very-secret-key-0123456789';

/** One run against a provider that fails each time it is asked. */
async function runAgainst(script: (asked: number) => ModelServerTurn, options = {}) {
  let asked = 0;
  await using provider = await startModelServer({ script: () => script(++asked) });
  const model = openai('gpt-test', {
    baseURL: provider.url,
    apiKey: KEY,
    firstRetryDelayMs: 1,
    maxRetries: 1,
    maxRetryAfterMs: 100,
    ...options,
  });
  const bot = defineAgent({ description: '', model });
  await using server = await createTestServer({ agents: { bot }, limits: { maxMessageBytes: 64 * 1024 } });
  const run = await server.client().send({ agent: 'bot', text: 'hello' });
  const events = await eventsOf(run);
  expectSoundLog(events);
  return { events, asked, result: await run.result(), provider: provider.url };
}

const always =
  (quirks: ModelServerQuirks, text = 'half of it') =>
  () => ({ text, chunks: 4, quirks });

describe('a provider that fails ends the run with a code, a sentence, and nothing that is not for readers', () => {
  test.each<[name: string, quirks: ModelServerQuirks, options: object, expected: { code: string; retryable: boolean; asked: number }]>([
    ['401', { status: 401 }, {}, { code: 'MODEL_UNAUTHORIZED', retryable: false, asked: 1 }],
    ['429 with a short Retry-After', { status: 429, retryAfter: '0' }, {}, { code: 'MODEL_RATE_LIMITED', retryable: true, asked: 2 }],
    ['429 with a long Retry-After', { status: 429, retryAfter: '3600' }, {}, { code: 'MODEL_RATE_LIMITED', retryable: true, asked: 1 }],
    ['500', { status: 500 }, {}, { code: 'MODEL_UNAVAILABLE', retryable: true, asked: 2 }],
    ['a page of HTML', { htmlError: 502 }, {}, { code: 'MODEL_UNAVAILABLE', retryable: true, asked: 2 }],
    ['a hang-up', { hangUp: true }, {}, { code: 'MODEL_UNREACHABLE', retryable: true, asked: 2 }],
    ['silence', { neverAnswer: true }, { firstByteTimeoutMs: 50, maxRetries: 0 }, { code: 'MODEL_TIMEOUT', retryable: true, asked: 1 }],
    ['garbage at once', { garbageAfterChunks: 0 }, { maxRetries: 0 }, { code: 'MODEL_BAD_RESPONSE', retryable: true, asked: 1 }],
  ])('%s', async (_name, quirks, options, expected) => {
    const { result, asked, events, provider } = await runAgainst(always(quirks), options);
    expect(result).toMatchObject({ status: 'failed', text: '', error: { code: expected.code, retryable: expected.retryable } });
    expect(result.error?.message).toMatch(/^[A-Z].+\.$/);
    expect(asked).toBe(expected.asked);
    const said = JSON.stringify(events);
    for (const secret of [KEY, 'sk-secret', 'provider.example', '127.0.0.1', new URL(provider).port, '10.0.0.1', 'Scripted error']) {
      expect(said).not.toContain(secret);
    }
  });

  test('nobody there', async () => {
    const gone = await startModelServer({ script: [] });
    await gone.close();
    const bot = defineAgent({ description: '', model: openai('gpt-test', { baseURL: gone.url, apiKey: KEY, maxRetries: 0 }) });
    await using server = await createTestServer({ agents: { bot } });
    const run = await server.client().send({ agent: 'bot', text: 'hello' });
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'MODEL_UNREACHABLE', retryable: true } });
    expect(JSON.stringify(await eventsOf(run))).not.toMatch(/127\.0\.0\.1|ECONNREFUSED|sk-very/);
  });
});

describe('what was said before a failure is kept', () => {
  test.each<[name: string, quirks: ModelServerQuirks, options: object, code: string]>([
    ['cut in mid-stream', { cutAfterChunks: 3 }, {}, 'MODEL_STREAM_CUT'],
    ['silent in mid-stream', { silentAfterChunks: 3 }, { idleTimeoutMs: 50 }, 'MODEL_TIMEOUT'],
    ['garbage in mid-stream', { garbageAfterChunks: 3 }, {}, 'MODEL_BAD_RESPONSE'],
    ['an error in the stream', { inStreamErrorAfterChunks: 3 }, {}, 'MODEL_UNAVAILABLE'],
  ])('%s', async (_name, quirks, options, code) => {
    const { result, asked, events } = await runAgainst(always(quirks), options);
    expect(result).toMatchObject({ status: 'failed', error: { code } });
    expect(result.text.length).toBeGreaterThan(0);
    expect('half of it'.startsWith(result.text)).toBe(true);
    expect(asked).toBe(1);
    expect(events.find((event) => event.type === 'message.completed')).toMatchObject({ text: result.text, finish: 'failed' });
  });

  test('endless: the run is stopped at the limit of a message', async () => {
    const { result } = await runAgainst(always({ endless: 'text' }));
    expect(result).toMatchObject({ status: 'failed', error: { code: 'MODEL_OUTPUT_TOO_LARGE', retryable: false } });
    expect(result.text.length).toBeGreaterThan(1_000);
    expect(result.text.length).toBeLessThanOrEqual(64 * 1024);
  });
});

test('a failure that passes is retried before the first token, and nobody notices', async () => {
  const { result, asked, events } = await runAgainst((n) => (n === 1 ? { quirks: { status: 503, retryAfter: '0' } } : { text: 'hello' }));
  expect(result).toMatchObject({ status: 'completed', text: 'hello' });
  expect(asked).toBe(2);
  expect(events.filter((event) => event.type === 'message.started')).toHaveLength(1);
});

test('an answer cut by its length is partial', async () => {
  const model = scriptedModel([{ text: 'half', finish: 'length' }]);
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model }) }, models: { bot: model } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.result()).toMatchObject({ status: 'completed', outcome: 'partial', text: 'half' });
});

test.each(['INTERRUPTED', 'SHUTTING_DOWN', 'STORAGE_FULL'] as const)(
  'a model that throws our own %s fails its run like any other',
  async (code) => {
    const model = scriptedModel([{ text: 'x', error: { code, message: 'Another server said so.' } }]);
    await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model }) }, models: { bot: model } });
    const run = await server.client().send({ agent: 'bot', text: 'hi' });
    expect(await run.result()).toMatchObject({ status: 'failed', text: 'x', error: { code } });
  },
);

test('instructions that throw fail the run without saying why to readers', async () => {
  const model = scriptedModel([]);
  const bot = defineAgent({
    description: '',
    model,
    instructions: () => {
      throw new Error('no row in postgres://db');
    },
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'AGENT_FAILED' } });
  expect(JSON.stringify(await eventsOf(run))).not.toContain('postgres');
});

test('a typed error of an agent speaks for itself', async () => {
  const bot = defineAgent({
    description: '',
    model: scriptedModel([]),
    instructions: () => Promise.reject(new VerbatimError('NOT_ALLOWED', 'This shop is closed.')),
  });
  await using server = await createTestServer({ agents: { bot } });
  const run = await server.client().send({ agent: 'bot', text: 'hi' });
  expect(await run.result()).toMatchObject({ error: { code: 'NOT_ALLOWED', message: 'This shop is closed.' } });
});
