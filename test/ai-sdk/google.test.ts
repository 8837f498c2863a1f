import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { describe, expect, it } from 'vitest';
import type { Model, ModelMessage, ModelRequest } from '../../src/agents/model.ts';
import { type FromAiSdkOptions, fromAiSdk } from '../../src/ai-sdk/fromAiSdk.ts';
import { callModel, expectWritten, failureOf, HELLO } from '../agents/models/callModel.ts';
import { recordsOf } from '../agents/providerRules/problems.ts';
import { googleChunks, googleError, startGoogleServer } from './googleServer.ts';
import type { SseServer } from './sseServer.ts';

function modelOf(server: SseServer, options: FromAiSdkOptions = {}, id = 'gemini-3-pro-preview'): Model {
  const google = createGoogleGenerativeAI({ baseURL: `${server.url}/v1beta`, apiKey: 'sk-secret' });
  return fromAiSdk(google(id), { maxRetries: 0, firstRetryDelayMs: 1, ...options });
}

const CALLS = [
  { functionCall: { name: 'lookup', args: { id: '42' } }, thoughtSignature: 'sig-1' },
  { functionCall: { name: 'lookup', args: { id: '43' } } },
];
const ANSWER = googleChunks([{ text: 'Let me see.', thought: true }, { text: 'A moment.' }, ...CALLS]);
const LOOKUP = { name: 'lookup', description: 'Finds an order', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } };

function answered(providerState: Extract<ModelMessage, { role: 'assistant' }>['providerState']): ModelMessage[] {
  const toolCalls = ['42', '43'].map((id) => ({ callId: `call_${id}`, tool: 'lookup', input: { id } }));
  return [
    ...HELLO.messages,
    { role: 'assistant', text: 'A moment.', toolCalls, ...(providerState !== undefined && { providerState }) },
    ...toolCalls.map(({ callId }): ModelMessage => ({ role: 'tool', callId, tool: 'lookup', output: { total: 30 }, isError: false })),
  ];
}

describe('thoughts and parallel tools', () => {
  it('come as reasoning, text and calls', async () => {
    await using server = await startGoogleServer([{ events: ANSWER }]);
    const options = { google: { thinkingConfig: { includeThoughts: true } } };
    const { reasoning, text, end, chunks } = await callModel(modelOf(server, { providerOptions: options }), { ...HELLO, tools: [LOOKUP] });
    expect([reasoning, text, end.finish]).toEqual(['Let me see.', 'A moment.', 'tool_calls']);
    expect(end.toolCalls).toEqual([
      { tool: 'lookup', arguments: '{"id":"42"}' },
      { tool: 'lookup', arguments: '{"id":"43"}' },
    ]);
    expectWritten(chunks, end);
    expect(server.requests[0]?.body).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
      tools: [{ functionDeclarations: [{ name: 'lookup', description: 'Finds an order' }] }],
    });
  });

  it('go back with the signature on the call that had it', async () => {
    await using server = await startGoogleServer([{ events: ANSWER }, { events: googleChunks([{ text: 'Done.' }]) }]);
    const model = modelOf(server);
    const { end } = await callModel(model);
    expect((await callModel(model, { ...HELLO, messages: answered(end.providerState) })).text).toBe('Done.');
    const [, answer, results] = recordsOf(server.requests[1]?.body.contents);
    expect(recordsOf(answer?.parts).map((part) => part.thoughtSignature)).toEqual([undefined, undefined, 'sig-1', undefined]);
    expect(answer?.parts).toMatchObject([
      { text: 'Let me see.', thought: true },
      { text: 'A moment.' },
      { functionCall: { name: 'lookup', args: { id: '42' } } },
      { functionCall: { name: 'lookup', args: { id: '43' } } },
    ]);
    expect(results).toMatchObject({
      role: 'user',
      parts: [{ functionResponse: { name: 'lookup' } }, { functionResponse: { name: 'lookup' } }],
    });
  });

  it('that were lost are no obstacle', async () => {
    await using server = await startGoogleServer([{ events: googleChunks([{ text: 'Done.' }]) }]);
    expect((await callModel(modelOf(server), { ...HELLO, messages: answered(undefined) })).text).toBe('Done.');
  });
});

it('a call of a name that Google would take for none is sent under another', async () => {
  await using server = await startGoogleServer([{ events: googleChunks([{ text: 'Done.' }]) }]);
  const messages: ModelMessage[] = [
    ...HELLO.messages,
    { role: 'assistant', text: '', toolCalls: [{ callId: 'call_1', tool: '42', input: {} }] },
    { role: 'tool', callId: 'call_1', tool: '42', output: 'There is no such tool', isError: true },
  ];
  expect((await callModel(modelOf(server), { ...HELLO, messages })).text).toBe('Done.');
  expect(JSON.stringify(server.requests[0]?.body.contents).match(/"name":"[^"]*"/g)).toContain('"name":"_42"');
});

describe('an answer that is to be JSON', () => {
  const request: ModelRequest = {
    ...HELLO,
    output: { name: 'person', schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
  };

  it('is asked for by its schema', async () => {
    await using server = await startGoogleServer([{ events: googleChunks([{ text: '{}' }]) }]);
    await callModel(modelOf(server), { ...request, tools: [LOOKUP] });
    expect(server.requests[0]?.body.generationConfig).toMatchObject({
      responseMimeType: 'application/json',
      responseSchema: { type: 'object', required: ['name'] },
    });
  });

  it('is asked for in words where the model takes either tools or a schema', async () => {
    await using server = await startGoogleServer([{ events: googleChunks([{ text: '{}' }]) }, { events: googleChunks([{ text: '{}' }]) }]);
    const model = modelOf(server, {}, 'gemini-2.5-flash');
    await callModel(model, { ...request, tools: [LOOKUP] });
    await callModel(model, request);
    expect(server.requests.map(({ body }) => JSON.stringify(body).includes('responseMimeType'))).toEqual([false, true]);
    expect(JSON.stringify(server.requests[0]?.body.systemInstruction)).toContain('JSON Schema');
  });
});

it('images and files go inline, and what it does not take is named', async () => {
  await using server = await startGoogleServer([{ events: googleChunks([{ text: 'A cat.' }]) }]);
  const bytes = Buffer.from('abc');
  const attachments = ['image/png', 'application/pdf', 'image/gif'].map((type) => ({ name: 'a', type, bytes }));
  await callModel(modelOf(server), { ...HELLO, messages: [{ role: 'user', text: '', attachments }] });
  expect(server.requests[0]?.body.contents).toEqual([
    {
      role: 'user',
      parts: [
        { inlineData: { mimeType: 'image/png', data: 'YWJj' } },
        { inlineData: { mimeType: 'application/pdf', data: 'YWJj' } },
        { text: '[Attached file: a, image/gif, 3 bytes. It cannot be shown to you.]' },
      ],
    },
  ]);
});

it('code that the provider runs is told of', async () => {
  const parts = [
    { executableCode: { language: 'PYTHON', code: 'print(1)' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
    { text: 'It is 1.' },
  ];
  await using server = await startGoogleServer([{ events: googleChunks(parts) }]);
  const model = modelOf(server, { hostedTools: [{ type: 'provider', id: 'google.code_execution', name: 'code_execution', args: {} }] });
  const { chunks, text } = await callModel(model);
  expect(text).toBe('It is 1.');
  expect(chunks.filter((chunk) => chunk.type === 'hosted_tool')).toMatchObject([
    { tool: 'code_execution', status: 'called', data: { code: 'print(1)' } },
    { tool: 'code_execution', status: 'completed', data: { output: '1' } },
  ]);
});

it('usage counts cached and thought tokens, and is absent when there is none', async () => {
  const usage = { cachedContentTokenCount: 4, thoughtsTokenCount: 6 };
  await using server = await startGoogleServer([
    { events: googleChunks([{ text: 'a' }], { usage }) },
    { events: [{ candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }] },
  ]);
  const model = modelOf(server);
  expect((await callModel(model)).end.usage).toEqual({ inputTokens: 11, outputTokens: 11, cachedTokens: 4, reasoningTokens: 6 });
  expect((await callModel(model)).end).not.toHaveProperty('usage');
});

describe('an answer', () => {
  it.each([
    ['SAFETY', 'filtered'],
    ['MAX_TOKENS', 'length'],
    ['STOP', 'stop'],
  ])('that ends with %s is %s', async (finishReason, finish) => {
    await using server = await startGoogleServer([{ events: googleChunks([{ text: 'a' }], { finishReason }) }]);
    expect((await callModel(modelOf(server))).end.finish).toBe(finish);
  });

  it('to a prompt that is blocked is a refusal', async () => {
    await using server = await startGoogleServer([{ events: [{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }] }]);
    expect((await callModel(modelOf(server))).end).toMatchObject({ finish: 'filtered', toolCalls: [] });
  });

  it('that stops in mid-stream is incomplete', async () => {
    await using server = await startGoogleServer([{ events: ANSWER.slice(0, 2) }]);
    expect((await callModel(modelOf(server))).end).toMatchObject({ finish: 'incomplete', toolCalls: [] });
  });

  it('with a malformed call is no answer', async () => {
    await using server = await startGoogleServer([{ events: googleChunks([], { finishReason: 'MALFORMED_FUNCTION_CALL' }) }]);
    expect(await failureOf(modelOf(server))).toMatchObject({ error: { code: 'MODEL_BAD_RESPONSE', retryable: true } });
  });
});

describe('a failed call', () => {
  it.each<[number, string, string]>([
    [400, 'INVALID_ARGUMENT', 'MODEL_BAD_REQUEST'],
    [403, 'PERMISSION_DENIED', 'MODEL_UNAUTHORIZED'],
    [429, 'RESOURCE_EXHAUSTED', 'MODEL_RATE_LIMITED'],
    [503, 'UNAVAILABLE', 'MODEL_UNAVAILABLE'],
  ])('with %i %s is %s', async (status, name, code) => {
    await using server = await startGoogleServer([{ status, body: googleError(status, name) }]);
    expect(await failureOf(modelOf(server))).toMatchObject({ error: { code } });
  });

  it('by overload in mid-stream keeps its text', async () => {
    await using server = await startGoogleServer([{ events: [...ANSWER.slice(0, 2), googleError(503, 'UNAVAILABLE')] }]);
    expect(await failureOf(modelOf(server, { maxRetries: 2 }))).toMatchObject({ text: 'A moment.', error: { code: 'MODEL_UNAVAILABLE' } });
    expect(server.requests).toHaveLength(1);
  });

  it('by overload before anything is tried again', async () => {
    await using server = await startGoogleServer([
      { events: [googleError(503, 'UNAVAILABLE')] },
      { status: 503, body: googleError(503, 'UNAVAILABLE') },
      { events: googleChunks([{ text: 'Here.' }]) },
    ]);
    expect((await callModel(modelOf(server, { maxRetries: 2 }))).text).toBe('Here.');
  });
});
