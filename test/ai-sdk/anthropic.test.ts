import { type AnthropicProviderOptions, createAnthropic } from '@ai-sdk/anthropic';
import { describe, expect, it } from 'vitest';
import type { Model, ModelMessage, ModelRequest } from '../../src/agents/model.ts';
import { type FromAiSdkOptions, fromAiSdk } from '../../src/ai-sdk/fromAiSdk.ts';
import { callModel, expectWritten, HELLO } from '../agents/models/callModel.ts';
import { anthropicError, messageEvents, startAnthropicServer, text, thinking, toolUse } from './anthropicServer.ts';
import type { SseServer } from './sseServer.ts';

const THINK: FromAiSdkOptions = {
  providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1_024 } } satisfies AnthropicProviderOptions },
};

function modelOf(server: SseServer, options: FromAiSdkOptions = {}): Model {
  const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: 'sk-secret' });
  return fromAiSdk(anthropic('claude-sonnet-4-5'), { maxRetries: 0, firstRetryDelayMs: 1, ...options });
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

it('what is kept and what is told of a hosted tool are bounded', async () => {
  const found = {
    type: 'web_search_tool_result',
    tool_use_id: 's',
    content: [{ type: 'web_search_result', url: 'u', title: 't', encrypted_content: 'e', page_age: null }],
  };
  const blocks = [{ type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } }, found, ...CALLS];
  await using server = await startAnthropicServer(() => ({ events: messageEvents(blocks, { stop: 'tool_use' }) }));
  const ask = (limits: FromAiSdkOptions) => callModel(modelOf(server, limits));
  const dataOf = async (maxHostedToolBytes: number) => {
    const chunk = (await ask({ maxHostedToolBytes })).chunks.find((chunk) => chunk.type === 'hosted_tool');
    return chunk?.type === 'hosted_tool' ? chunk.data : undefined;
  };
  expect([await dataOf(13), await dataOf(12)]).toEqual([{ query: 'q' }, { bytes: 13 }]);
  const size = Buffer.byteLength(JSON.stringify((await ask({})).end.providerState));
  expect((await ask({ maxProviderStateBytes: size })).end).toHaveProperty('providerState');
  expect((await ask({ maxProviderStateBytes: size - 1 })).end).not.toHaveProperty('providerState');
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
