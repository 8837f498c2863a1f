import { afterEach, describe, expect, it } from 'vitest';
import type { Model, ModelMessage, ModelRequest } from '../../../src/agents/model.ts';
import { type OpenAIOptions, openai } from '../../../src/agents/models/openai.ts';
import type { WireRequestOptions } from '../../../src/agents/models/openaiWire.ts';
import { responsesRequest } from '../../../src/agents/models/responsesRequest.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { type ModelServer, type ModelServerTurn, startModelServer } from '../../../src/testing/modelServer.ts';
import type { ModelServerQuirks } from '../../../src/testing/modelServerQuirks.ts';
import { callModel, failureOf, HELLO } from './callModel.ts';

const open: (() => Promise<void> | undefined)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(script: readonly ModelServerTurn[]): Promise<ModelServer> {
  const server = await startModelServer({ script });
  open.push(() => server.close());
  return server;
}

function modelOf(server: ModelServer, options: OpenAIOptions = {}): Model {
  const model = openai('gpt-5-mini', {
    api: 'responses',
    baseURL: server.url,
    apiKey: 'sk-secret',
    maxRetries: 0,
    firstRetryDelayMs: 1,
    ...options,
  });
  open.push(() => model.close?.());
  return model;
}

const CALLS = [
  { name: 'lookup', input: { id: '42' } },
  { name: 'now', input: {} },
];
const TOOL = {
  name: 'lookup',
  description: 'Finds an order',
  inputSchema: { type: 'object', properties: {}, required: [], additionalProperties: false },
};

it('reasoning, encrypted, goes back before its calls at the next step, and nothing is stored at the provider', async () => {
  const server = await serve([{ reasoning: 'Let me see.', text: 'A moment.', toolCalls: CALLS }, { text: 'Done.' }]);
  const model = modelOf(server);
  const { reasoning, end } = await callModel(model);
  expect([reasoning, end.finish]).toEqual(['Let me see.', 'tool_calls']);
  const results = ['c1', 'c2'].map((callId): ModelMessage => ({ role: 'tool', callId, tool: 't', output: { ok: true }, isError: false }));
  const answer: ModelMessage = {
    role: 'assistant',
    text: 'A moment.',
    toolCalls: [
      { callId: 'c1', tool: 'lookup', input: { id: '42' } },
      { callId: 'c2', tool: 'now', input: {} },
    ],
    ...(end.providerState !== undefined && { providerState: end.providerState }),
  };
  await callModel(model, { ...HELLO, messages: [...HELLO.messages, answer, ...results] });
  const [first, second] = server.requests.map(({ body }) => body);
  expect(first).toMatchObject({ store: false, include: ['reasoning.encrypted_content'], reasoning: { summary: 'auto' }, stream: true });
  expect(second?.input).toEqual([
    { role: 'user', content: 'Hello' },
    expect.objectContaining({ type: 'reasoning', encrypted_content: 'encrypted(Let me see.)' }),
    { role: 'assistant', content: 'A moment.' },
    { type: 'function_call', call_id: 'c1', name: 'lookup', arguments: '{"id":"42"}' },
    { type: 'function_call', call_id: 'c2', name: 'now', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: '{"ok":true}' },
    { type: 'function_call_output', call_id: 'c2', output: '{"ok":true}' },
  ]);
});

describe('what was kept of an answer', () => {
  const SETTINGS: WireRequestOptions = {
    model: 'm',
    maxTokensField: 'max_tokens',
    fields: { has: () => true },
    output: 'schema',
    attachments: ['image/*', 'application/pdf'],
    hostedTools: [],
    extraBody: {},
  };
  const reasoning = (id: string) => ({ type: 'reasoning', id, summary: [], encrypted_content: 'x' });
  const search = { type: 'web_search_call', id: 'ws', status: 'completed' };
  const items = [reasoning('r1'), search, reasoning('r2'), { type: 'message' }, reasoning('r3'), { type: 'function_call', place: 0 }];
  const sent = (message: Partial<Extract<ModelMessage, { role: 'assistant' }>>, options: Partial<WireRequestOptions> = {}): unknown[] => {
    const turn = { role: 'assistant', text: 'Hm', toolCalls: [{ callId: 'c1', tool: 't', input: {} }], ...message } as const;
    const { input } = responsesRequest({ ...HELLO, messages: [turn] }, { ...SETTINGS, ...options });
    return (Array.isArray(input) ? input : []).map((item) => ('id' in item ? item.id : 'call_id' in item ? item.call_id : 'text'));
  };
  const providerState = { provider: 'openai-responses/m', items };

  it('goes back in the order of the model', () => {
    expect(sent({ providerState })).toEqual(['r1', 'ws', 'r2', 'text', 'r3', 'c1']);
  });

  it('of another model or provider, or refused, is left out', () => {
    expect(sent({ providerState }, { model: 'other' })).toEqual(['text', 'c1']);
    expect(sent({ providerState: { provider: 'ai-sdk/anthropic', items } })).toEqual(['text', 'c1']);
    expect(sent({ providerState }, { fields: { has: (name) => name !== 'provider_state' } })).toEqual(['text', 'c1']);
  });

  it('goes without the reasoning for what is gone, and calls it does not know come last', () => {
    expect(sent({ providerState, text: '' })).toEqual(['r1', 'ws', 'r2', 'r3', 'c1']);
    expect(sent({ providerState, toolCalls: [] })).toEqual(['r1', 'ws', 'r2', 'text']);
    const toolCalls = ['c1', 'c2'].map((callId) => ({ callId, tool: 't', input: {} }));
    expect(sent({ providerState, toolCalls })).toEqual(['r1', 'ws', 'r2', 'text', 'r3', 'c1', 'c2']);
    expect(
      sent({ providerState: { ...providerState, items: [reasoning('r1'), { type: 'left_out' }, { type: 'function_call', place: 0 }] } }),
    ).toEqual(['text', 'c1']);
    expect(sent({ providerState: { ...providerState, items: ['?', 3, reasoning('r1')] } })).toEqual(['text', 'c1']);
  });
});

it('tools, schemas, attachments and hosted tools go as the API takes them', async () => {
  const server = await serve([{ text: '{"name":"Ada"}' }]);
  const model = modelOf(server, {
    structuredOutput: true,
    attachments: ['image/*', 'application/pdf'],
    hostedTools: [{ type: 'web_search' }],
    extraBody: { reasoning: { effort: 'low' }, service_tier: 'flex' },
  });
  const request: ModelRequest = {
    instructions: 'Be brief.',
    messages: [
      {
        role: 'user',
        text: 'Who?',
        attachments: [
          { name: undefined, type: 'image/png', bytes: Buffer.from('abc') },
          { name: 'cv.pdf', type: 'application/pdf', bytes: Buffer.from('abc') },
          { name: 'cv.zip', type: 'application/zip', bytes: Buffer.from('abc') },
        ],
      },
    ],
    tools: [TOOL, { ...TOOL, name: 'held', strict: true }],
    options: { temperature: 0.5, maxOutputTokens: 99 },
    output: { name: 'person', schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
  };
  await callModel(model, request);
  expect(server.requests[0]?.body).toMatchObject({
    model: 'gpt-5-mini',
    instructions: 'Be brief.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Who?' },
          { type: 'input_image', image_url: 'data:image/png;base64,YWJj', detail: 'auto' },
          { type: 'input_file', filename: 'cv.pdf', file_data: 'data:application/pdf;base64,YWJj' },
          { type: 'input_text', text: '[Attached file: cv.zip, application/zip, 3 bytes. It cannot be shown to you.]' },
        ],
      },
    ],
    tools: [
      { type: 'function', name: 'lookup', parameters: TOOL.inputSchema, strict: false },
      { type: 'function', name: 'held', parameters: TOOL.inputSchema, strict: true },
      { type: 'web_search' },
    ],
    text: { format: { type: 'json_schema', name: 'person', strict: true } },
    reasoning: { summary: 'auto', effort: 'low' },
    service_tier: 'flex',
    temperature: 0.5,
    max_output_tokens: 99,
  });
});

it('hosted tools need the Responses API', () => {
  expect(() => openai('m', { hostedTools: [{ type: 'web_search' }] })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

describe('an answer', () => {
  const answer = async (turn: ModelServerTurn) => callModel(modelOf(await serve([turn])));

  it('tells of hosted tools when they begin and when they end', async () => {
    const { chunks } = await answer({ hostedTools: [{ tool: 'web_search', data: { action: { query: 'q' } } }], text: 'Found.' });
    expect(chunks.slice(0, 3)).toEqual([
      { type: 'hosted_tool', id: 'resp-1_hosted_1', tool: 'web_search', status: 'called', data: {} },
      { type: 'hosted_tool', id: 'resp-1_hosted_1', tool: 'web_search', status: 'completed', data: { action: { query: 'q' } } },
      { type: 'text', delta: 'Found.' },
    ]);
  });

  it('has the usage that the provider reports', async () => {
    const usage = { inputTokens: 11, outputTokens: 7, cachedTokens: 3, reasoningTokens: 2 };
    expect((await answer({ text: 'a', usage })).end.usage).toEqual(usage);
    expect((await answer({ text: 'a', quirks: { noUsage: true } })).end).not.toHaveProperty('usage');
  });

  it.each<[ModelServerTurn, object]>([
    [
      { text: 'a', finish: 'length' },
      { finish: 'length', toolCalls: [] },
    ],
    [
      { text: 'a', toolCalls: CALLS, finish: 'filtered' },
      { finish: 'filtered', toolCalls: [] },
    ],
    [{ quirks: { refusal: 'I will not.' } }, { finish: 'filtered', toolCalls: [] }],
    [
      { text: 'a', quirks: { noFinishReason: true } },
      { finish: 'incomplete', toolCalls: [] },
    ],
    [
      { toolCalls: CALLS, quirks: { lengthInArguments: true } },
      { finish: 'length', toolCalls: [{ tool: 'lookup', arguments: '{"id":"42"}' }] },
    ],
    [{ toolCalls: [{ name: 'now', arguments: '{"a": ' }] }, { finish: 'tool_calls', toolCalls: [{ tool: 'now', arguments: '{"a": ' }] }],
  ])('%o ends as %o', async (turn, end) => {
    const { text, end: ended } = await answer(turn);
    expect(ended).toMatchObject(end);
    expect(text).toBe(turn.quirks?.refusal ?? turn.text ?? '');
  });

  it.each<ModelServerQuirks>([
    { splitBytes: true, crlf: true, keepAliveComments: true },
    { notStreamed: true },
    { wholeToolCalls: true },
    { tornEnd: true },
  ])('is whole with %o', async (quirks) => {
    const { text, reasoning, end } = await answer({ reasoning: 'Hm 世界', text: 'Grüße 👋🏽', chunks: 4, toolCalls: CALLS, quirks });
    expect([text, reasoning, end.toolCalls.length, end.finish]).toEqual(['Grüße 👋🏽', 'Hm 世界', 2, 'tool_calls']);
  });
});

describe('a failed call has the same codes as over Chat Completions', () => {
  it.each<[ModelServerQuirks, string, boolean]>([
    [{ status: 400, errorCode: 'context_length_exceeded' }, 'MODEL_BAD_REQUEST', false],
    [{ status: 401 }, 'MODEL_UNAUTHORIZED', false],
    [{ status: 429, retryAfter: '7' }, 'MODEL_RATE_LIMITED', true],
    [{ status: 503 }, 'MODEL_UNAVAILABLE', true],
    [{ htmlError: 200 }, 'MODEL_BAD_RESPONSE', true],
    [{ hangUp: true }, 'MODEL_UNREACHABLE', true],
    [{ neverAnswer: true }, 'MODEL_TIMEOUT', true],
    [{ cutAfterChunks: 4 }, 'MODEL_STREAM_CUT', true],
    [{ silentAfterChunks: 4 }, 'MODEL_TIMEOUT', true],
    [{ garbageAfterChunks: 4 }, 'MODEL_BAD_RESPONSE', true],
    [{ inStreamErrorAfterChunks: 4 }, 'MODEL_UNAVAILABLE', true],
    [{ inStreamErrorAfterChunks: 4, errorCode: 'rate_limit_exceeded' }, 'MODEL_RATE_LIMITED', true],
    [{ inStreamErrorAfterChunks: 4, errorCode: 'invalid_prompt' }, 'MODEL_BAD_REQUEST', false],
    [{ inStreamErrorAfterChunks: 4, errorCode: 'image_content_policy_violation' }, 'MODEL_REFUSED', false],
    [{ endless: 'arguments' }, 'MODEL_OUTPUT_TOO_LARGE', false],
    [{ endless: 'line' }, 'MODEL_BAD_RESPONSE', false],
  ])('%o is %s', async (quirks, code, retryable) => {
    const server = await serve([{ text: 'one two three four', chunks: 4, quirks }]);
    // Short only where the time is what is tested: machines are slow at times.
    const firstByteTimeoutMs = quirks.neverAnswer === true ? 100 : 10_000;
    const idleTimeoutMs = quirks.silentAfterChunks === undefined ? 10_000 : 200;
    const options = { firstByteTimeoutMs, idleTimeoutMs, maxToolCallBytes: 50_000, maxEventBytes: 50_000 };
    const { error, text } = await failureOf(modelOf(server, options));
    if (!(error instanceof VerbatimError)) throw new Error('Not a VerbatimError', { cause: error });
    expect([error.code, error.retryable]).toEqual([code, retryable]);
    expect(error.message).not.toMatch(/https?:|127\.0\.0\.1|sk-|[Ss]cripted/);
    expect(text).toBe(Object.keys(quirks).some((name) => name.endsWith('AfterChunks')) ? 'one two t' : '');
  });

  it('of a response that says so itself too', async () => {
    const server = await serve([{ text: 'never', quirks: { notStreamed: true } }]);
    expect((await callModel(modelOf(server))).text).toBe('never');
  });

  it('before the first chunk it is tried again, and after it is not', async () => {
    const server = await serve([
      { text: 'a', quirks: { cutAfterChunks: 1 } },
      { text: 'seen' },
      { text: 'abc', chunks: 3, quirks: { cutAfterChunks: 3 } },
    ]);
    const model = modelOf(server, { maxRetries: 1 });
    expect((await callModel(model)).text).toBe('seen');
    expect(await failureOf(model)).toMatchObject({ text: 'a', error: { code: 'MODEL_STREAM_CUT' } });
    expect(server.requests).toHaveLength(3);
  });
});
