import { describe, expect, it } from 'vitest';
import { openai } from '../../../src/agents/models/openai.ts';
import { startModelServer } from '../../../src/testing/modelServer.ts';
import type { ModelServerQuirks } from '../../../src/testing/modelServerQuirks.ts';
import type { ScriptedTurn } from '../../../src/testing/script.ts';
import { type Answer, callModel, expectWritten, HELLO } from './callModel.ts';

const CALLS: ScriptedTurn = {
  text: 'Let me look.',
  toolCalls: [
    { name: 'lookup_order', input: { orderId: '42', note: 'a "quoted" {brace}' } },
    { name: 'lookup_order', input: { orderId: '43' } },
    { name: 'now', input: {} },
    { name: 'weather', input: { city: 'Zürich' } },
  ],
};
const WHOLE_CALLS = [
  { tool: 'lookup_order', arguments: '{"orderId":"42","note":"a \\"quoted\\" {brace}"}' },
  { tool: 'lookup_order', arguments: '{"orderId":"43"}' },
  { tool: 'now', arguments: '{}' },
  { tool: 'weather', arguments: '{"city":"Zürich"}' },
];

async function answer(turn: ScriptedTurn, quirks: ModelServerQuirks): Promise<Answer> {
  await using server = await startModelServer({ script: [turn], quirks });
  const model = openai('test', { baseURL: server.url, apiKey: 'k', maxRetries: 0, idleTimeoutMs: 2_000 });
  try {
    const result = await callModel(model);
    server.assertDone();
    return result;
  } finally {
    await model.close?.();
  }
}

describe('tool calls', () => {
  const quirks: readonly ModelServerQuirks[] = [
    {},
    { missingToolIndex: true },
    { zeroToolIndex: true },
    { repeatedToolIndex: true },
    { missingToolId: true },
    { missingToolId: true, zeroToolIndex: true },
    { missingToolId: true, missingToolIndex: true },
    { missingToolId: true, repeatedToolIndex: true },
    { repeatedToolHead: true },
    { repeatedToolHead: true, missingToolIndex: true },
    { repeatedToolHead: true, zeroToolIndex: true },
    { repeatedToolHead: true, missingToolId: true },
    { wholeToolCalls: true },
    { wholeToolCalls: true, missingToolIndex: true, missingToolId: true },
    { wholeToolCalls: true, zeroToolIndex: true, missingToolId: true },
    { argumentsAsObject: true },
    { stopWithToolCalls: true },
    { noFinishReason: true },
    { emptyChoices: true, noDelta: true, keepAliveComments: true, crlf: true },
    { splitBytes: true },
    { notStreamed: true },
  ];
  it.each(quirks)('are put together from %o', async (quirk) => {
    const { text, end, chunks } = await answer(CALLS, quirk);
    expectWritten(chunks, end);
    expect(chunks.some((chunk) => chunk.type === 'tool_input')).toBe(true);
    expect(text).toBe('Let me look.');
    expect(end.toolCalls).toEqual(WHOLE_CALLS);
    expect(end.finish).toBe('tool_calls');
  });

  it('that `length` cut in the middle of their arguments are left out, and the whole ones kept', async () => {
    const { end } = await answer(CALLS, { lengthInArguments: true });
    expect(end).toMatchObject({ finish: 'length', toolCalls: WHOLE_CALLS.slice(0, 3) });
  });

  it('without arguments at all mean an empty object', async () => {
    const { end } = await answer({ toolCalls: [{ name: 'now', arguments: '' }] }, {});
    expect(end.toolCalls).toEqual([{ tool: 'now', arguments: '{}' }]);
  });

  it('with bad JSON are passed on as the model wrote them', async () => {
    const { end } = await answer({ toolCalls: [{ name: 'now', arguments: '{"a": ' }] }, {});
    expect(end).toMatchObject({ finish: 'tool_calls', toolCalls: [{ tool: 'now', arguments: '{"a": ' }] });
  });

  it('that the end of the stream cut are left out', async () => {
    const { end } = await answer({ toolCalls: [{ name: 'now', arguments: '{"a": ' }] }, { noFinishReason: true, noDone: true });
    expect(end).toMatchObject({ finish: 'incomplete', toolCalls: [] });
  });
});

describe('text', () => {
  const TEXT = 'Grüße, 世界 👋🏽: one two three four';
  it.each<ModelServerQuirks>([
    { emptyChoices: true },
    { noDelta: true },
    { keepAliveComments: true },
    { crlf: true },
    { crlf: true, splitBytes: true, keepAliveComments: true },
    { splitBytes: true },
    { noDone: true },
    { notStreamed: true },
    { openAfterDone: true },
    { tornEnd: true },
  ])('is whole with %o', async (quirks) => {
    const { text, end } = await answer({ text: TEXT, chunks: 7 }, quirks);
    expect(text).toBe(TEXT);
    expect(end.finish).toBe('stop');
  });

  it('without a finish_reason is incomplete, and kept', async () => {
    expect((await answer({ text: TEXT }, { noFinishReason: true, noDone: true })).end.finish).toBe('incomplete');
    const { text, end } = await answer({ text: TEXT }, { noFinishReason: true });
    expect({ text, finish: end.finish }).toEqual({ text: TEXT, finish: 'incomplete' });
  });

  it('whose stream ends in the middle of an event is incomplete, and kept', async () => {
    const { text, end } = await answer({ text: TEXT }, { noFinishReason: true, tornEnd: true });
    expect({ text, finish: end.finish }).toEqual({ text: TEXT, finish: 'incomplete' });
  });

  it('that met the limit of tokens ends with length', async () => {
    expect((await answer({ text: TEXT, finish: 'length' }, {})).end).toMatchObject({ finish: 'length', toolCalls: [] });
  });

  it('that a filter stopped ends with filtered, and no tool call of it runs', async () => {
    const { text, end } = await answer({ ...CALLS, finish: 'filtered' }, {});
    expect({ text, finish: end.finish, toolCalls: end.toolCalls }).toEqual({ text: 'Let me look.', finish: 'filtered', toolCalls: [] });
  });

  it('of a refusal is shown, and ends with filtered', async () => {
    const { text, end } = await answer({}, { refusal: 'I will not say that.' });
    expect({ text, finish: end.finish }).toEqual({ text: 'I will not say that.', finish: 'filtered' });
  });
});

it.each(['reasoning_content', 'reasoning', 'both'] as const)('reasoning comes once from the field %s', async (reasoningField) => {
  const { reasoning, text } = await answer({ reasoning: 'Hm.', text: 'Yes.' }, { reasoningField });
  expect({ reasoning, text }).toEqual({ reasoning: 'Hm.', text: 'Yes.' });
});

describe('usage', () => {
  const usage = { inputTokens: 11, outputTokens: 7, cachedTokens: 3, reasoningTokens: 2 };

  it('is what the provider reports', async () => {
    expect((await answer({ text: 'a', usage }, {})).end.usage).toEqual(usage);
  });

  it('is absent when the provider reports none', async () => {
    expect((await answer({ text: 'a', usage }, { noUsage: true })).end).toEqual({ type: 'finish', finish: 'stop', toolCalls: [] });
  });
});

it.each([400, 422] as const)(
  'a server that refuses stream_options with %i is asked once without, and never with it again',
  async (status) => {
    await using server = await startModelServer({ script: [{ text: 'one' }, { text: 'two' }], quirks: { rejectStreamOptions: status } });
    const model = openai('test', { baseURL: server.url, apiKey: 'k', maxRetries: 0 });
    expect((await callModel(model)).text).toBe('one');
    expect((await callModel(model)).text).toBe('two');
    expect(server.requests.map(({ body }) => 'stream_options' in body)).toEqual([true, false, false]);
    await model.close?.();
  },
);

it('a bad request that is not about stream_options goes on being asked with it', async () => {
  const script = [{ quirks: { status: 400, errorCode: 'context_length_exceeded' } }, { text: 'ok' }];
  await using server = await startModelServer({ script });
  const model = openai('test', { baseURL: server.url, apiKey: 'k' });
  await expect(callModel(model)).rejects.toMatchObject({ code: 'MODEL_BAD_REQUEST', retryable: false });
  expect((await callModel(model, HELLO)).text).toBe('ok');
  expect(server.requests.map(({ body }) => 'stream_options' in body)).toEqual([true, true]);
  await model.close?.();
});
