import { describe, expect, it, vi } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { layeredCache } from '../../../src/agents/layeredCache.ts';
import type { Model, ModelCaller, ModelChunk, ModelRequest } from '../../../src/agents/model.ts';
import { type CachedOptions, cached } from '../../../src/agents/models/cached.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { createManualClock, createTestServer, scriptedModel } from '../../../src/testing/index.ts';
import { checkLeaks } from '../../support/leakCheck.ts';
import { closedGate } from '../../testing/gate.ts';
import { type Answer, answerOf, HELLO } from './callModel.ts';
import { answers, type FakeModel, FINISH, fakeModel, silence, text } from './fakeModel.ts';

checkLeaks();

const ANN: ModelCaller = { principalId: 'ann', threadId: 'thr_1', runId: 'run_1' };
const BEN: ModelCaller = { principalId: 'ben', threadId: 'thr_2', runId: 'run_2' };
const FROM_CACHE = { inputTokens: 0, outputTokens: 0, cachedCalls: 1 };
const TOOLS = [{ name: 'look', description: '', inputSchema: {} }];

async function ask(
  model: Model,
  { caller, request = HELLO, signal }: { caller?: ModelCaller; request?: ModelRequest; signal?: AbortSignal } = {},
): Promise<Answer> {
  const chunks: ModelChunk[] = [];
  for await (const chunk of model.stream(request, { signal: signal ?? new AbortController().signal, caller })) chunks.push(chunk);
  return answerOf(chunks);
}

/** Counts its calls in what it says. */
const counting = (): FakeModel => fakeModel(({ number }) => [text('call '), text(`${number}`), FINISH]);

const asking = (said: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  ...HELLO,
  messages: [{ role: 'user', text: said }],
  ...more,
});

function over(inner: Model, options: CachedOptions = {}) {
  const clock = createManualClock();
  return { clock, model: cached(inner, { cache: layeredCache({ clock }), ...options }) };
}

describe('the same request of the same principal', () => {
  it('is answered from the cache, chunk by chunk, and its usage says so', async () => {
    const inner = counting();
    const { model } = over(inner);
    const first = await ask(model, { caller: ANN });
    expect(first.chunks).toEqual([text('call '), text('1'), FINISH]);
    const second = await ask(model, { caller: { ...ANN, threadId: 'thr_9', runId: 'run_9' } });
    expect(second.chunks).toEqual([text('call '), text('1'), { ...FINISH, usage: FROM_CACHE }]);
    expect(inner.calls).toHaveLength(1);
  });

  it('is asked anew after an hour', async () => {
    const { model, clock } = over(counting());
    await ask(model, { caller: ANN });
    await clock.advance(3_599_999);
    expect((await ask(model, { caller: ANN })).text).toBe('call 1');
    await clock.advance(1);
    expect((await ask(model, { caller: ANN })).text).toBe('call 2');
  });

  it('is asked anew after its own time', async () => {
    const { model, clock } = over(counting(), { ttlMs: 10 });
    await ask(model, { caller: ANN });
    await clock.advance(10);
    expect((await ask(model, { caller: ANN })).text).toBe('call 2');
  });

  it('keeps reasoning, tool calls and what the provider wants back, but not who spoke', async () => {
    const chunks: ModelChunk[] = [
      { type: 'switched', from: 'a', to: 'b', reason: 'x' },
      { type: 'reasoning', delta: 'hm' },
      { type: 'tool_input', index: 0, tool: 'look', delta: '{}' },
      {
        type: 'finish',
        finish: 'tool_calls',
        toolCalls: [{ tool: 'look', arguments: '{}' }],
        providerState: { provider: 'p', items: [1] },
      },
    ];
    const { model } = over(
      fakeModel(() => chunks),
      { withTools: true },
    );
    await ask(model, { caller: ANN });
    expect((await ask(model, { caller: ANN })).chunks).toEqual([...chunks.slice(1, 3), { ...chunks[3], usage: FROM_CACHE }]);
  });
});

describe('another request is asked', () => {
  it.each<[string, ModelRequest]>([
    ['another text', asking('Bye')],
    ['instructions', { ...HELLO, instructions: 'Be brief.' }],
    ['options', { ...HELLO, options: { temperature: 1 } }],
    ['output', { ...HELLO, output: { name: 'o', schema: {} } }],
    [
      'an attachment',
      {
        ...HELLO,
        messages: [{ role: 'user', text: 'Hello', attachments: [{ name: 'a', type: 'text/plain', bytes: new Uint8Array([1]) }] }],
      },
    ],
  ])('%s', async (_what, request) => {
    const inner = counting();
    const { model } = over(inner);
    await ask(model, { caller: ANN });
    await ask(model, { caller: ANN, request });
    expect(inner.calls).toHaveLength(2);
    await ask(model, { caller: ANN, request });
    expect(inner.calls).toHaveLength(2);
  });

  it('and an attachment of other bytes', async () => {
    const inner = counting();
    const { model } = over(inner);
    for (const byte of [1, 2]) {
      const attachments = [{ name: undefined, type: 'text/plain', bytes: new Uint8Array([byte]) }];
      await ask(model, { caller: ANN, request: { ...HELLO, messages: [{ role: 'user', text: 'Hello', attachments }] } });
    }
    expect(inner.calls).toHaveLength(2);
  });

  it('but the same with other call ids is not', async () => {
    const inner = counting();
    const { model } = over(inner);
    for (const callId of ['call_1', 'call_2']) {
      const messages: ModelRequest['messages'] = [
        { role: 'user', text: 'Look' },
        { role: 'assistant', text: '', toolCalls: [{ callId, tool: 'look', input: {} }] },
        { role: 'tool', callId, tool: 'look', output: 1, isError: false },
      ];
      await ask(model, { caller: ANN, request: { ...HELLO, messages } });
    }
    expect(inner.calls).toHaveLength(1);
  });

  it('unless a key of one’s own says that it is the same', async () => {
    const inner = counting();
    const { model } = over(inner, { key: ({ messages }) => JSON.stringify(messages).toLowerCase() });
    await ask(model, { caller: ANN, request: asking('Hello') });
    await ask(model, { caller: ANN, request: asking('HELLO') });
    await ask(model, { caller: BEN, request: asking('hello') });
    expect(inner.calls).toHaveLength(2);
  });
});

describe('an answer is given to nobody but', () => {
  it('its principal, by default; without a caller nothing is kept', async () => {
    const inner = counting();
    const { model } = over(inner);
    const texts = [];
    for (const caller of [ANN, BEN, undefined, undefined, ANN, BEN]) texts.push((await ask(model, caller && { caller })).text);
    expect(texts).toEqual(['call 1', 'call 2', 'call 3', 'call 4', 'call 1', 'call 2']);
  });

  it.each<[NonNullable<CachedOptions['scope']>, string[]]>([
    ['everyone', ['1', '1', '1', '1', '1']],
    ['principal', ['1', '1', '1', '2', '3']],
    ['thread', ['1', '1', '2', '3', '4']],
    ['run', ['1', '2', '3', '4', '5']],
  ])('%s', async (scope, expected) => {
    const { model } = over(counting(), { scope });
    const texts = [];
    for (const caller of [
      ANN,
      { ...ANN, runId: 'run_9' },
      { ...ANN, threadId: 'thr_9', runId: 'run_9' },
      { ...ANN, principalId: 'ben' },
      undefined,
    ])
      texts.push((await ask(model, caller && { caller })).text);
    expect(texts).toEqual(expected.map((number) => `call ${number}`));
  });

  it('readers of the same model', async () => {
    const cache = layeredCache();
    const a = cached(fakeModel(answers('a'), { name: 'a' }), { cache });
    const b = cached(fakeModel(answers('b'), { name: 'b' }), { cache });
    expect([(await ask(a, { caller: ANN })).text, (await ask(b, { caller: ANN })).text]).toEqual(['a', 'b']);
  });
});

it('a request that offers tools is not cached, unless said', async () => {
  const request = { ...HELLO, tools: TOOLS };
  const plain = counting();
  const { model } = over(plain);
  await ask(model, { caller: ANN, request });
  await ask(model, { caller: ANN, request });
  expect(plain.calls).toHaveLength(2);
  const said = counting();
  const withTools = over(said, { withTools: true }).model;
  await ask(withTools, { caller: ANN, request });
  await ask(withTools, { caller: ANN, request });
  expect(said.calls).toHaveLength(1);
});

it.each<[string, ModelChunk[] | Error]>([
  ['was cut by a limit', [text('a'), { type: 'finish', finish: 'length', toolCalls: [] }]],
  ['was cut', [text('a'), { type: 'finish', finish: 'incomplete', toolCalls: [] }]],
  ['was filtered', [{ type: 'finish', finish: 'filtered', toolCalls: [] }]],
  ['had no end', [text('a')]],
  ['searched the web', [{ type: 'hosted_tool', id: '1', tool: 'web', status: 'called', data: null }, text('a'), FINISH]],
  ['failed', new VerbatimError('MODEL_UNAVAILABLE', 'Out.')],
])('an answer that %s is not kept', async (_what, said) => {
  const inner = fakeModel(function* () {
    if (said instanceof Error) throw said;
    yield* said;
  });
  const { model } = over(inner);
  await ask(model, { caller: ANN }).catch(() => {});
  await ask(model, { caller: ANN }).catch(() => {});
  expect(inner.calls).toHaveLength(2);
});

describe('equal calls at the same time', () => {
  it('are one call; each reader gets all of it, and one of them counts it', async () => {
    const gate = closedGate();
    const inner = fakeModel(async function* ({ number }) {
      yield text(`call ${number}, `);
      await gate.opened;
      yield* [text('all'), FINISH];
    });
    const { model } = over(inner);
    const calls = Array.from({ length: 20 }, () => ask(model, { caller: ANN }));
    await vi.waitFor(() => expect(inner.calls).toHaveLength(1));
    const late = ask(model, { caller: ANN });
    gate.open();
    const all = await Promise.all([...calls, late]);
    expect(new Set(all.map((answer) => answer.text))).toEqual(new Set(['call 1, all']));
    expect(all.filter(({ end }) => end.usage?.cachedCalls === 1)).toHaveLength(20);
    expect(all.filter(({ end }) => end.usage?.inputTokens === 10)).toHaveLength(1);
    expect(inner.calls).toHaveLength(1);
  });

  it('of two principals are two', async () => {
    const inner = counting();
    const { model } = over(inner);
    await Promise.all([ask(model, { caller: ANN }), ask(model, { caller: BEN })]);
    expect(inner.calls).toHaveLength(2);
  });

  it('go on when one reader aborts, the first one too; what it leaves is kept', async () => {
    const gate = closedGate();
    const inner = fakeModel(async function* () {
      yield text('half');
      await gate.opened;
      yield* [text(' and half'), FINISH];
    });
    const { model } = over(inner);
    const aborter = new AbortController();
    const first = ask(model, { caller: ANN, signal: aborter.signal });
    const second = ask(model, { caller: ANN });
    await vi.waitFor(() => expect(inner.calls).toHaveLength(1));
    aborter.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(inner.calls[0]?.options.signal.aborted).toBe(false);
    gate.open();
    expect(await second).toMatchObject({ text: 'half and half', end: { usage: { inputTokens: 10 } } });
    expect((await ask(model, { caller: ANN })).end.usage).toEqual(FROM_CACHE);
  });

  it('are aborted when the last reader leaves; nothing is kept, and the next call is a new one', async () => {
    const inner = fakeModel(async function* (call) {
      yield text('half');
      if (call.number === 1) await silence(call);
      yield FINISH;
    });
    const { model } = over(inner);
    const aborters = [new AbortController(), new AbortController()];
    const calls = aborters.map(({ signal }) => ask(model, { caller: ANN, signal }));
    for (const call of calls) call.catch(() => {});
    await vi.waitFor(() => expect(inner.open).toBe(1));
    aborters[0]?.abort();
    expect(inner.calls[0]?.options.signal.aborted).toBe(false);
    aborters[1]?.abort();
    for (const call of calls) await expect(call).rejects.toThrow();
    expect(inner.calls[0]?.options.signal.aborted).toBe(true);
    expect((await ask(model, { caller: ANN })).text).toBe('half');
    expect(inner.calls).toHaveLength(2);
    await vi.waitFor(() => expect(inner.open).toBe(0));
  });

  it('fail together, and the next call is a new one', async () => {
    const gate = closedGate();
    const inner = fakeModel(async function* ({ number }) {
      await gate.opened;
      if (number === 1) throw new VerbatimError('MODEL_UNAVAILABLE', 'Out.');
      yield* [text('back'), FINISH];
    });
    const { model } = over(inner);
    const calls = [ask(model, { caller: ANN }), ask(model, { caller: ANN })];
    gate.open();
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect((await ask(model, { caller: ANN })).text).toBe('back');
  });

  it('are asked for no more than their foremost reader takes', async () => {
    let said = 0;
    const inner = fakeModel(function* () {
      for (;;) {
        said++;
        yield text('x');
      }
    });
    const { model } = over(inner);
    const read = () => model.stream(HELLO, { signal: new AbortController().signal, caller: ANN })[Symbol.asyncIterator]();
    const [fast, slow] = [read(), read()];
    for (let i = 0; i < 10; i++) await fast.next();
    await slow.next();
    expect(said).toBe(10);
    await fast.return?.();
    await slow.return?.();
    await vi.waitFor(() => expect(inner.open).toBe(0));
  });

  it('of a reader whose signal has aborted ask nobody', async () => {
    const inner = counting();
    await expect(ask(over(inner).model, { caller: ANN, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(inner.calls).toHaveLength(0);
  });
});

it('a cached model is what the model is, and closes it', async () => {
  const inner = fakeModel(answers(), { name: 'mine', structuredOutput: true, attachments: ['image/*'] });
  const { model } = over(inner);
  expect(model).toMatchObject({ name: 'mine', structuredOutput: true, attachments: ['image/*'] });
  await model.close?.();
  expect(inner.closed).toBe(1);
});

it('a run that is answered from the cache streams as any other, and its usage says so', async () => {
  const bot = defineAgent({
    description: '',
    model: cached(scriptedModel([{ text: 'Hello there', chunks: 3 }]), { cache: layeredCache() }),
  });
  await using server = await createTestServer({ agents: { bot } });
  const ask = async (as: string) => (await server.as(as).client().send({ agent: 'bot', text: 'Hi' })).result();
  expect((await ask('ann')).usage.cachedCalls).toBeUndefined();
  expect(await ask('ann')).toMatchObject({ status: 'completed', text: 'Hello there', usage: FROM_CACHE });
  // The script has but one step: another principal is not given what it made.
  expect(await ask('ben')).toMatchObject({ status: 'failed' });
});

describe('a call whose answer is wanted anew', () => {
  it('gets a new one, which is kept in the place of the old', async () => {
    const { model } = over(counting());
    await ask(model, { caller: ANN });
    expect((await ask(model, { caller: { ...ANN, fresh: true } })).text).toBe('call 2');
    expect((await ask(model, { caller: ANN })).text).toBe('call 2');
  });

  it('is what runs.retry asks for', async () => {
    const inner = counting();
    const bot = defineAgent({ description: '', model: cached(inner) });
    await using server = await createTestServer({ agents: { bot } });
    const client = server.client();
    const run = await client.send({ agent: 'bot', text: 'hi' });
    expect((await run.result()).text).toBe('call 1');
    const again = await client.trpc.runs.retry.mutate({ runId: run.id });
    expect((await client.run(again.runId).result()).text).toBe('call 2');
  });
});
