import { APIError } from 'openai';
import { afterEach, expect, it, vi } from 'vitest';
import type { ModelRequest } from '../../../src/agents/model.ts';
import { chatRequest } from '../../../src/agents/models/chatRequest.ts';
import { modelFailure } from '../../../src/agents/models/modelFailure.ts';
import { openai } from '../../../src/agents/models/openai.ts';
import type { WireRequestOptions } from '../../../src/agents/models/openaiWire.ts';
import { RESILIENCE_DEFAULTS } from '../../../src/agents/models/resilience.ts';
import { retryAfterMs, retryDelay } from '../../../src/agents/models/retryDelay.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { startModelServer } from '../../../src/testing/modelServer.ts';
import { callModel, HELLO } from './callModel.ts';

afterEach(() => vi.unstubAllEnvs());

const REQUEST: ModelRequest = {
  instructions: 'Be brief.',
  messages: [
    { role: 'user', text: 'Where is order 42?' },
    {
      role: 'assistant',
      text: '',
      toolCalls: [
        { callId: 'call_1', tool: 'lookup', input: { id: '42' } },
        { callId: 'call_2', tool: 'now', input: {} },
      ],
    },
    { role: 'tool', callId: 'call_1', tool: 'lookup', output: { status: 'sent' }, isError: false },
    { role: 'tool', callId: 'call_2', tool: 'now', output: 'The clock is broken', isError: true },
    { role: 'assistant', text: 'It was sent.', toolCalls: [] },
    { role: 'assistant', text: '', toolCalls: [] },
    { role: 'user', text: 'Thanks' },
  ],
  tools: [{ name: 'lookup', description: 'Find an order', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } }],
  options: { temperature: 0.5, maxOutputTokens: 100 },
};
const SETTINGS: WireRequestOptions = {
  model: 'm',
  maxTokensField: 'max_tokens',
  fields: { has: () => true },
  output: 'schema',
  attachments: [],
  hostedTools: [],
  extraBody: {},
};

it('a request becomes Chat Completions', () => {
  expect(chatRequest(REQUEST, SETTINGS)).toEqual({
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where is order 42?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'lookup', arguments: '{"id":"42"}' } },
          { id: 'call_2', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"status":"sent"}' },
      { role: 'tool', tool_call_id: 'call_2', content: '{"error":"The clock is broken"}' },
      { role: 'assistant', content: 'It was sent.' },
      { role: 'user', content: 'Thanks' },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'lookup', description: 'Find an order', parameters: { type: 'object', properties: { id: { type: 'string' } } } },
      },
    ],
    temperature: 0.5,
    max_tokens: 100,
    stream: true,
    stream_options: { include_usage: true },
  });
});

it('a bare request has no field without a value', () => {
  const params = chatRequest(HELLO, { ...SETTINGS, fields: { has: () => false } });
  expect(Object.keys(params)).toEqual(['model', 'messages', 'stream']);
  expect(params.messages).toEqual([{ role: 'user', content: 'Hello' }]);
});

it('key, headers and fields of the provider reach the server', async () => {
  await using server = await startModelServer({ script: () => ({ text: 'a' }) });
  const model = openai('qwen', {
    baseURL: `${server.url}/`,
    apiKey: 'sk-1',
    headers: { 'x-team': 'verbatim' },
    extraBody: { reasoning_effort: 'low' },
    maxTokensField: 'max_completion_tokens',
  });
  await callModel(model, REQUEST);
  const [request] = server.requests;
  expect(model.name).toBe('qwen');
  expect(request?.headers).toMatchObject({ authorization: 'Bearer sk-1', 'x-team': 'verbatim' });
  expect(request?.body).toMatchObject({ model: 'qwen', reasoning_effort: 'low', max_completion_tokens: 100, stream: true });
  await model.close?.();
});

it("the environment is read at the call, and a server of one's own needs no key", async () => {
  await using server = await startModelServer({ script: () => ({ text: 'a' }) });
  const model = openai('llama');
  vi.stubEnv('OPENAI_BASE_URL', server.url);
  vi.stubEnv('OPENAI_API_KEY', '');
  await callModel(model, REQUEST);
  vi.stubEnv('OPENAI_API_KEY', 'sk-2');
  await callModel(model);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer sk-2']);
  expect(server.requests[0]?.body).toMatchObject({ max_tokens: 100 });
  await model.close?.();
});

it('nothing is written to the console, whatever the environment asks', async () => {
  await using server = await startModelServer({ script: [{ text: 'a' }, { quirks: { garbageAfterChunks: 1 } }] });
  vi.stubEnv('OPENAI_LOG', 'debug');
  const written = (['debug', 'info', 'log', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level));
  const model = openai('m', { baseURL: server.url, maxRetries: 0 });
  await callModel(model);
  await expect(callModel(model)).rejects.toMatchObject({ code: 'MODEL_BAD_RESPONSE' });
  for (const spy of written) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
  await model.close?.();
});

it('a base URL that is none is refused: an option at once, the environment at the call', async () => {
  expect(() => openai('m', { baseURL: 'localhost' })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  vi.stubEnv('OPENAI_BASE_URL', 'nowhere');
  await expect(callModel(openai('m'))).rejects.toMatchObject({ code: 'MODEL_BAD_REQUEST', message: 'OPENAI_BASE_URL is not a URL.' });
});

it('the wait before another attempt doubles from 1 to 10 seconds, with jitter, or is what the provider asks', () => {
  const wait = (failure: VerbatimError, attempt: number, random: number): number | undefined =>
    retryDelay(failure, attempt, { ...RESILIENCE_DEFAULTS, random: () => random });
  const failure = new VerbatimError('MODEL_UNAVAILABLE', 'x');
  expect([0, 1, 2, 3, 4].map((attempt) => wait(failure, attempt, 0))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  expect([0, 1, 2, 3, 4].map((attempt) => wait(failure, attempt, 1))).toEqual([2_000, 4_000, 8_000, 10_000, 10_000]);
  const asked = (retryAfterMs: number) => wait(new VerbatimError('MODEL_RATE_LIMITED', 'x', { details: { retryAfterMs } }), 0, 1);
  expect(asked(30_000)).toBe(30_000);
  expect(asked(30_001)).toBeUndefined();
  expect(wait(new VerbatimError('MODEL_UNAUTHORIZED', 'x'), 0, 1)).toBeUndefined();
});

it('a provider that says that another attempt is useless is believed', () => {
  const failure = (headers: Record<string, string>) => modelFailure(APIError.generate(500, undefined, undefined, new Headers(headers)));
  expect(failure({ 'x-should-retry': 'false' })).toMatchObject({ code: 'MODEL_UNAVAILABLE', retryable: false });
  expect(failure({})).toMatchObject({ code: 'MODEL_UNAVAILABLE', retryable: true });
});

it('Retry-After is read as seconds, as a date, and as milliseconds', () => {
  const read = (headers: Record<string, string>): number | undefined => retryAfterMs(new Headers(headers));
  expect(read({ 'retry-after': '2' })).toBe(2_000);
  expect(read({ 'retry-after-ms': '15' })).toBe(15);
  expect(read({ 'retry-after': new Date(Date.now() - 5_000).toUTCString() })).toBe(0);
  const inAMinute = read({ 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
  expect(inAMinute).toBeGreaterThan(50_000);
  expect(inAMinute).toBeLessThanOrEqual(60_000);
  expect(read({ 'retry-after': 'soon' })).toBeUndefined();
  expect(read({})).toBeUndefined();
});
