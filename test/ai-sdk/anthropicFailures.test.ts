import { createAnthropic } from '@ai-sdk/anthropic';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/agents/model.ts';
import { type FromAiSdkOptions, fromAiSdk } from '../../src/ai-sdk/fromAiSdk.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { callModel, failureOf, HELLO } from '../agents/models/callModel.ts';
import { anthropicError, messageEvents, startAnthropicServer, text, toolUse } from './anthropicServer.ts';
import type { SseServer } from './sseServer.ts';

function modelOf(server: SseServer, options: FromAiSdkOptions = {}): Model {
  const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'sk-secret' });
  return fromAiSdk(anthropic('claude-sonnet-4-5'), { maxRetries: 0, firstRetryDelayMs: 1, ...options });
}

const CALLS = [toolUse('toolu_1', 'lookup', { id: '42' }), toolUse('toolu_2', 'now', {})];

describe('a failed call', () => {
  const half = messageEvents([text('Half of it')]).slice(0, 4);

  it.each<[number, string, string, boolean]>([
    [400, 'invalid_request_error', 'MODEL_BAD_REQUEST', false],
    [401, 'authentication_error', 'MODEL_UNAUTHORIZED', false],
    [403, 'permission_error', 'MODEL_UNAUTHORIZED', false],
    [404, 'not_found_error', 'MODEL_BAD_REQUEST', false],
    [429, 'rate_limit_error', 'MODEL_RATE_LIMITED', true],
    [500, 'api_error', 'MODEL_UNAVAILABLE', true],
    [529, 'overloaded_error', 'MODEL_UNAVAILABLE', true],
  ])('with %i %s is %s', async (status, type, code, retryable) => {
    await using server = await startAnthropicServer([{ status, body: anthropicError(type), headers: { 'retry-after': '7' } }]);
    const { error } = await failureOf(modelOf(server));
    if (!(error instanceof VerbatimError)) throw new Error('Not a VerbatimError', { cause: error });
    expect([error.code, error.retryable, error.details]).toEqual([code, retryable, { retryAfterMs: 7_000 }]);
    expect(error.message).not.toMatch(/https?:|127\.0\.0\.1|sk-|[Ss]cripted/);
    // What was asked may be private, and causes are logged.
    expect(JSON.stringify(error.cause)).not.toContain('Hello');
  });

  it('by overload in mid-stream keeps its text, and is not tried again', async () => {
    await using server = await startAnthropicServer([{ events: [...half, anthropicError('overloaded_error')] }]);
    const { error, text: said } = await failureOf(modelOf(server, { maxRetries: 2 }));
    expect([said, error]).toMatchObject(['Half ', { code: 'MODEL_UNAVAILABLE', retryable: true }]);
    expect(server.requests).toHaveLength(1);
  });

  it('by overload before the first text is tried again, after the time that the provider asks for', async () => {
    await using server = await startAnthropicServer([
      { events: [anthropicError('overloaded_error')] },
      { status: 429, body: anthropicError('rate_limit_error'), headers: { 'retry-after': '0' } },
      { events: messageEvents([text('Here.')]) },
    ]);
    expect((await callModel(modelOf(server, { maxRetries: 2 }))).text).toBe('Here.');
  });

  it('whose conversation is too long says so', async () => {
    const body = anthropicError('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum');
    await using server = await startAnthropicServer([{ status: 400, body }]);
    const { error } = await failureOf(modelOf(server));
    expect(error).toMatchObject({ code: 'MODEL_BAD_REQUEST', message: 'The conversation is longer than the model can read.' });
  });

  it('by a cut, by silence and by time has their codes', async () => {
    await using server = await startAnthropicServer([
      { events: half, ends: 'cut' },
      { events: half, ends: 'silence' },
      { events: [], ends: 'silence' },
      { events: half, ends: 'silence' },
    ]);
    const model = modelOf(server, { idleTimeoutMs: 150, firstByteTimeoutMs: 300, callTimeoutMs: 5_000 });
    expect(await failureOf(model)).toMatchObject({ text: 'Half ', error: { code: 'MODEL_STREAM_CUT' } });
    expect(await failureOf(model)).toMatchObject({ text: 'Half ', error: { code: 'MODEL_TIMEOUT', message: 'The model fell silent.' } });
    expect(await failureOf(model)).toMatchObject({ text: '', error: { code: 'MODEL_TIMEOUT' } });
    const slow = modelOf(server, { callTimeoutMs: 200 });
    expect(await failureOf(slow)).toMatchObject({ error: { code: 'MODEL_TIMEOUT', message: 'The model took too long to answer.' } });
  });

  it('that never reached the server is unreachable', async () => {
    const server = await startAnthropicServer([]);
    await server[Symbol.asyncDispose]();
    expect(await failureOf(modelOf(server))).toMatchObject({ error: { code: 'MODEL_UNREACHABLE', retryable: true } });
  });

  it('that writes too much of its calls is stopped at the limit', async () => {
    await using server = await startAnthropicServer([{ events: messageEvents(CALLS) }, { events: messageEvents(CALLS) }]);
    // Two calls of 32 bytes each, and their arguments.
    const size = 64 + '{"id":"42"}'.length + '{}'.length;
    expect((await callModel(modelOf(server, { maxToolCallBytes: size }))).end.toolCalls).toHaveLength(2);
    const { error } = await failureOf(modelOf(server, { maxToolCallBytes: size - 1 }));
    expect(error).toMatchObject({ code: 'MODEL_OUTPUT_TOO_LARGE' });
  });
});

it('pings are signs of life', async () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 120));
  const ping = { type: 'ping' };
  const [start, ...rest] = messageEvents([text('Late.')]);
  const events = [start ?? ping, pause(), ping, pause().then(pause), ping, pause().then(pause).then(pause), ...rest];
  await using server = await startAnthropicServer([{ events }]);
  expect((await callModel(modelOf(server, { idleTimeoutMs: 200 }))).text).toBe('Late.');
});

describe('an abort', () => {
  const reason = new Error('The person has changed their mind');

  it.each([
    ['while nothing has come', 0],
    ['between chunks', 5],
  ])('%s ends the call with its reason, and the request', async (_, events) => {
    await using server = await startAnthropicServer([{ events: messageEvents([text('Half of it')]).slice(0, events), ends: 'silence' }]);
    const aborter = new AbortController();
    setTimeout(() => aborter.abort(reason), 100);
    expect((await failureOf(modelOf(server), aborter.signal)).error).toBe(reason);
    await expect.poll(() => server.openAnswers).toBe(0);
  });

  it('of the reader, by leaving the loop, ends the request', async () => {
    await using server = await startAnthropicServer([{ events: messageEvents([text('Half of it')]).slice(0, 5), ends: 'silence' }]);
    for await (const chunk of modelOf(server).stream(HELLO, { signal: new AbortController().signal })) if (chunk.type === 'text') break;
    await expect.poll(() => server.openAnswers).toBe(0);
  });
});
