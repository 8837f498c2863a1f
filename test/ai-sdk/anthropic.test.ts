import { type AnthropicProviderOptions, createAnthropic } from '@ai-sdk/anthropic';
import { describe, expect, it } from 'vitest';
import type { Model, ModelMessage, ModelRequest } from '../../src/agents/model.ts';
import { type FromAiSdkOptions, fromAiSdk } from '../../src/ai-sdk/fromAiSdk.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';
import { callModel, expectWritten, failureOf, HELLO } from '../agents/models/callModel.ts';
import { anthropicError, messageEvents, startAnthropicServer, text, thinking, toolUse } from './anthropicServer.ts';
import type { SseServer } from './sseServer.ts';

const THINK: FromAiSdkOptions = {
  providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1_024 } } satisfies AnthropicProviderOptions },
};

function modelOf(server: SseServer, options: FromAiSdkOptions = {}): Model {
  const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'sk-secret' });
  return fromAiSdk(anthropic('claude-sonnet-4-5'), { maxRetries: 0, random: () => 0, ...options });
}

const CALLS = [toolUse('toolu_1', 'lookup', { id: '42' }), toolUse('toolu_2', 'now', {})];
const LOOKUP = { name: 'lookup', description: 'Finds an order', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } };

/** The conversation after an answer with two calls, as a run compiles it. */
function answered(providerState: Extract<ModelMessage, { role: 'assistant' }>['providerState'], said: string): ModelMessage[] {
  const calls = [
    { callId: 'call_a', tool: 'lookup', input: { id: '42' } },
    { callId: 'call_b', tool: 'now', input: {} },
  ];
  return [
    ...HELLO.messages,
    { role: 'assistant', text: said, toolCalls: calls, ...(providerState !== undefined && { providerState }) },
    { role: 'tool', callId: 'call_a', tool: 'lookup', output: { total: 30 }, isError: false },
    { role: 'tool', callId: 'call_b', tool: 'now', output: 'The clock is broken', isError: true },
  ];
}

describe('thinking and parallel tools', () => {
  const answer = messageEvents([thinking('Let me see.', 'sig-1'), text('A moment.'), ...CALLS], { stop: 'tool_use' });

  it('come as reasoning, text, arguments as they are written, and calls', async () => {
    await using server = await startAnthropicServer([{ events: answer }]);
    const { reasoning, text, end, chunks } = await callModel(modelOf(server, THINK), { ...HELLO, tools: [LOOKUP] });
    expect([reasoning, text, end.finish]).toEqual(['Let me see.', 'A moment.', 'tool_calls']);
    expect(end.toolCalls).toEqual([
      { tool: 'lookup', arguments: '{"id":"42"}' },
      { tool: 'now', arguments: '{}' },
    ]);
    expectWritten(chunks, end);
    expect(chunks.filter((chunk) => chunk.type === 'tool_input').length).toBeGreaterThan(2);
    expect(server.requests[0]?.body).toMatchObject({
      model: 'claude-sonnet-4-5',
      stream: true,
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      tools: [{ name: 'lookup', description: 'Finds an order', input_schema: LOOKUP.inputSchema }],
    });
  });

  it('go back with the signature, before the calls, results right behind them', async () => {
    await using server = await startAnthropicServer([{ events: answer }, { events: messageEvents([text('Done.')]) }]);
    const model = modelOf(server, THINK);
    const { end } = await callModel(model);
    expect((await callModel(model, { ...HELLO, messages: answered(end.providerState, 'A moment.') })).text).toBe('Done.');
    expect(server.requests[1]?.body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Let me see.', signature: 'sig-1' },
          { type: 'text', text: 'A moment.' },
          { type: 'tool_use', id: 'call_a', name: 'lookup', input: { id: '42' } },
          { type: 'tool_use', id: 'call_b', name: 'now', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_a', content: '{"total":30}' },
          { type: 'tool_result', tool_use_id: 'call_b', content: 'The clock is broken', is_error: true },
        ],
      },
    ]);
  });

  it('that were redacted go back too', async () => {
    const blocks = [{ type: 'redacted_thinking', data: 'opaque' }, ...CALLS];
    await using server = await startAnthropicServer([
      { events: messageEvents(blocks, { stop: 'tool_use' }) },
      { events: messageEvents([text('Done.')]) },
    ]);
    const model = modelOf(server, THINK);
    const { end, reasoning } = await callModel(model);
    expect(reasoning).toBe('');
    await callModel(model, { ...HELLO, messages: answered(end.providerState, '') });
    expect(server.requests[1]?.body.messages).toMatchObject([
      {},
      { content: [{ type: 'redacted_thinking', data: 'opaque' }, { type: 'tool_use' }, { type: 'tool_use' }] },
      {},
    ]);
  });

  it('of another model are left out', async () => {
    await using server = await startAnthropicServer([{ events: answer }, { events: messageEvents([text('Done.')]) }]);
    const { end } = await callModel(modelOf(server, THINK));
    const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'sk-secret' });
    await callModel(fromAiSdk(anthropic('claude-haiku-4-5')), { ...HELLO, messages: answered(end.providerState, '') });
    expect(JSON.stringify(server.requests[1]?.body)).not.toContain('sig-1');
  });

  it('whose signature the provider refuses are left out of that call', async () => {
    const refusal = anthropicError('invalid_request_error', 'messages.1.content.0: Invalid `signature` in `thinking` block');
    await using server = await startAnthropicServer([
      { events: answer },
      { status: 400, body: refusal },
      { events: messageEvents([text('Done.')]) },
    ]);
    const model = modelOf(server, THINK);
    const { end } = await callModel(model);
    expect((await callModel(model, { ...HELLO, messages: answered(end.providerState, '') })).text).toBe('Done.');
    expect(server.requests.map(({ body }) => JSON.stringify(body).includes('sig-1'))).toEqual([false, true, false]);
  });
});

it('instructions, options, strict tools, schemas and attachments go as Anthropic takes them', async () => {
  await using server = await startAnthropicServer([{ events: messageEvents([text('{"name":"Ada"}')]) }]);
  const request: ModelRequest = {
    instructions: 'Be brief.',
    messages: [
      {
        role: 'user',
        text: 'Who?',
        attachments: [
          { name: 'a.png', type: 'image/png', bytes: Buffer.from('abc') },
          { name: 'cv.pdf', type: 'application/pdf', bytes: Buffer.from('abc') },
          { name: 'cv.zip', type: 'application/zip', bytes: Buffer.from('abc') },
        ],
      },
    ],
    tools: [{ ...LOOKUP, strict: true, inputSchema: { ...LOOKUP.inputSchema, required: ['id'], additionalProperties: false } }],
    options: { temperature: 0.5, maxOutputTokens: 99 },
    output: {
      name: 'person',
      schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'], additionalProperties: false },
    },
  };
  const model = modelOf(server);
  expect([model.structuredOutput, model.name]).toEqual([true, 'claude-sonnet-4-5']);
  expect((await callModel(model, request)).text).toBe('{"name":"Ada"}');
  expect(server.requests[0]?.body).toMatchObject({
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Who?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'YWJj' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'YWJj' }, title: 'cv.pdf' },
          { type: 'text', text: '[Attached file: cv.zip, application/zip, 3 bytes. It cannot be shown to you.]' },
        ],
      },
    ],
    tools: [{ name: 'lookup', strict: true }],
    output_config: { format: { type: 'json_schema', schema: { properties: { name: { type: 'string' } } } } },
    temperature: 0.5,
    max_tokens: 99,
  });
});

it('a schema that the provider refuses is asked for in words, and by the caller from then on', async () => {
  const refusal = anthropicError('invalid_request_error', 'output_config.format.schema: Too many optional parameters');
  await using server = await startAnthropicServer([{ status: 400, body: refusal }, { events: messageEvents([text('{}')]) }]);
  const model = modelOf(server);
  await callModel(model, { ...HELLO, output: { name: 'any', schema: { type: 'object', properties: {}, additionalProperties: false } } });
  expect(server.requests.map(({ body }) => ['output_config' in body, JSON.stringify(body.system ?? '').includes('JSON Schema')])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(model.structuredOutput).toBe(false);
});

it('a tool of the provider is told when it begins and when it ends, and goes back with its result', async () => {
  const found = [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: 'enc', page_age: null }];
  const blocks = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: found },
    ...CALLS,
  ];
  await using server = await startAnthropicServer([
    { events: messageEvents(blocks, { stop: 'tool_use' }) },
    { events: messageEvents([text('Done.')]) },
  ]);
  const hosted = { type: 'provider', id: 'anthropic.web_search_20250305', name: 'web_search', args: {} } as const;
  const model = modelOf(server, { hostedTools: [hosted] });
  const { chunks, end } = await callModel(model);
  expect(chunks.filter((chunk) => chunk.type === 'hosted_tool')).toMatchObject([
    { id: 'srvtoolu_1', tool: 'web_search', status: 'called', data: { query: 'q' } },
    { id: 'srvtoolu_1', tool: 'web_search', status: 'completed', data: [{ url: 'https://a.example' }] },
  ]);
  expect(end.toolCalls.map(({ tool }) => tool)).toEqual(['lookup', 'now']);
  expect(server.requests[0]?.body.tools).toMatchObject([{ type: 'web_search_20250305', name: 'web_search' }]);
  await callModel(model, { ...HELLO, messages: answered(end.providerState, '') });
  expect(server.requests[1]?.body.messages).toMatchObject([
    {},
    {
      content: [
        { type: 'server_tool_use', id: 'srvtoolu_1', input: { query: 'q' } },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ encrypted_content: 'enc' }] },
        { type: 'tool_use', id: 'call_a' },
        { type: 'tool_use', id: 'call_b' },
      ],
    },
    {},
  ]);
});

it('usage counts what came from the cache', async () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 9 };
  await using server = await startAnthropicServer([{ events: messageEvents([text('a')], { usage }) }]);
  expect((await callModel(modelOf(server))).end.usage).toEqual({ inputTokens: 130, outputTokens: 9, cachedTokens: 100 });
});

describe('an answer', () => {
  it('that is a refusal ends as filtered, without its calls', async () => {
    await using server = await startAnthropicServer([{ events: messageEvents([text('I will not.'), ...CALLS], { stop: 'refusal' }) }]);
    const { text: said, end } = await callModel(modelOf(server));
    expect([said, end.finish, end.toolCalls, end.providerState]).toEqual(['I will not.', 'filtered', [], undefined]);
  });

  it('that met the limit of tokens keeps its whole calls', async () => {
    const cut = { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} };
    const events = messageEvents([toolUse('toolu_1', 'lookup', { id: '42' }), cut], { stop: 'max_tokens' }).map((event) =>
      event.type === 'content_block_delta' && event.index === 1
        ? { ...event, delta: { type: 'input_json_delta', partial_json: '{"zone": "Eu' } }
        : event,
    );
    await using server = await startAnthropicServer([{ events }]);
    const { end, chunks } = await callModel(modelOf(server));
    expect(end).toMatchObject({ finish: 'length', toolCalls: [{ tool: 'lookup', arguments: '{"id":"42"}' }] });
    expectWritten(chunks, end);
  });

  it('whose stream ends without an end is incomplete', async () => {
    await using server = await startAnthropicServer([{ events: messageEvents([text('Half')]).slice(0, -3) }]);
    expect((await callModel(modelOf(server))).end).toMatchObject({ finish: 'incomplete', toolCalls: [] });
  });
});

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
      { events: half, then: 'cut' },
      { events: half, then: 'silence' },
      { events: [], then: 'silence' },
      { events: half, then: 'silence' },
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
    await using server = await startAnthropicServer([{ events: messageEvents([text('Half of it')]).slice(0, events), then: 'silence' }]);
    const aborter = new AbortController();
    setTimeout(() => aborter.abort(reason), 100);
    expect((await failureOf(modelOf(server), aborter.signal)).error).toBe(reason);
    await expect.poll(() => server.openAnswers).toBe(0);
  });

  it('of the reader, by leaving the loop, ends the request', async () => {
    await using server = await startAnthropicServer([{ events: messageEvents([text('Half of it')]).slice(0, 5), then: 'silence' }]);
    for await (const chunk of modelOf(server).stream(HELLO, { signal: new AbortController().signal })) if (chunk.type === 'text') break;
    await expect.poll(() => server.openAnswers).toBe(0);
  });
});
