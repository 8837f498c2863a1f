import { describe, expect, it, vi } from 'vitest';
import type { Model, ModelChunk } from '../../../src/agents/model.ts';
import { openai } from '../../../src/agents/models/openai.ts';
import { RESILIENCE_DEFAULTS, type ResilienceOptions } from '../../../src/agents/models/resilience.ts';
import { resilient } from '../../../src/agents/models/resilient.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { createManualClock, type ManualClock } from '../../../src/testing/index.ts';
import { checkLeaks } from '../../support/leakCheck.ts';
import { closedGate } from '../../testing/gate.ts';
import { callModel, failureOf, HELLO } from './callModel.ts';
import { answers, down, type FakeModel, FINISH, fakeModel, silence, text } from './fakeModel.ts';

checkLeaks();

function over(model: Model, options: ResilienceOptions = {}): { readonly model: Model; readonly clock: ManualClock } {
  const clock = createManualClock();
  return { model: resilient(model, { clock, random: () => 0, ...options }), clock };
}

/** Waits until something waits for its time, and lets that time pass. */
async function pass(clock: ManualClock, ms: number, timers = 2): Promise<void> {
  await vi.waitFor(() => expect(clock.pending).toBe(timers));
  await clock.advance(ms);
}

/** As a run does it: who has the finish leaves. */
async function takeToFinish(model: Model): Promise<void> {
  for await (const chunk of model.stream(HELLO, { signal: new AbortController().signal })) if (chunk.type === 'finish') return;
}

async function fail(model: Model, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await expect(callModel(model)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
}

const failing = (): FakeModel =>
  // biome-ignore lint/correctness/useYield: it fails before it says anything.
  fakeModel(function* () {
    throw down();
  });

describe('a call that fails before its first chunk', () => {
  it('is made again after 1, 2 and 4 seconds, and not a fifth time', async () => {
    const inner = failing();
    const { model, clock } = over(inner);
    const call = failureOf(model);
    for (const [index, delayMs] of [1_000, 2_000, 4_000].entries()) {
      await pass(clock, delayMs - 1);
      expect(inner.calls).toHaveLength(index + 1);
      await clock.advance(1);
      await vi.waitFor(() => expect(inner.calls).toHaveLength(index + 2));
    }
    expect((await call).error).toMatchObject({ code: 'MODEL_UNAVAILABLE', retryable: true });
    expect(inner.calls).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it('waits as long as the provider asks', async () => {
    const inner = fakeModel(function* ({ number }) {
      if (number === 1) throw new VerbatimError('MODEL_RATE_LIMITED', 'Later.', { details: { retryAfterMs: 25_000 } });
      yield* [text('seen'), FINISH];
    });
    const { model, clock } = over(inner);
    const call = callModel(model);
    await pass(clock, 24_999);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(1);
    expect((await call).text).toBe('seen');
  });

  it.each([
    ['the failure is none that passes', new VerbatimError('MODEL_BAD_REQUEST', 'No.')],
    ['the provider asks for too long a wait', new VerbatimError('MODEL_RATE_LIMITED', 'x', { details: { retryAfterMs: 30_001 } })],
  ])('is not made again when %s', async (_when, error) => {
    // biome-ignore lint/correctness/useYield: it fails before it says anything.
    const inner = fakeModel(function* () {
      throw error;
    });
    expect((await failureOf(over(inner).model)).error).toBe(error);
    expect(inner.calls).toHaveLength(1);
  });

  it('is not made again when the call would be over by then', async () => {
    const inner = failing();
    expect((await failureOf(over(inner, { callTimeoutMs: 1_000 }).model)).error).toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(inner.calls).toHaveLength(1);
  });

  it('and is not typed is MODEL_FAILED, with its cause', async () => {
    const cause = new TypeError('secret');
    // biome-ignore lint/correctness/useYield: it fails before it says anything.
    const inner = fakeModel(function* () {
      throw cause;
    });
    const { error } = await failureOf(over(inner, { maxRetries: 0 }).model);
    expect(error).toMatchObject({ code: 'MODEL_FAILED', message: 'The model call failed.', cause });
  });

  it('is told of another model only when that one speaks', async () => {
    const switched: ModelChunk = { type: 'switched', from: 'a', to: 'b', reason: 'x' };
    const inner = fakeModel(function* ({ number }) {
      yield switched;
      if (number === 1) throw down();
      yield* [text('b speaks'), FINISH];
    });
    const { model, clock } = over(inner);
    const call = callModel(model);
    await pass(clock, 1_000);
    expect((await call).chunks).toEqual([switched, text('b speaks'), FINISH]);
  });
});

it.each<ModelChunk>([text('a'), { type: 'reasoning', delta: 'a' }, { type: 'tool_input', index: 0, tool: 't', delta: '{' }])(
  'a call that breaks after a chunk is not made again: $type',
  async (chunk) => {
    const inner = fakeModel(function* () {
      yield chunk;
      throw down();
    });
    const chunks: ModelChunk[] = [];
    const reading = (async () => {
      for await (const next of over(inner).model.stream(HELLO, { signal: new AbortController().signal })) chunks.push(next);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(chunks).toEqual([chunk]);
    expect(inner.calls).toHaveLength(1);
  },
);

describe('a model that fails five times in a row', () => {
  it('is left alone: calls fail at once, naming it, until a minute has passed', async () => {
    let well = false;
    const inner = fakeModel(function* () {
      if (!well) throw down();
      yield* [text('back'), FINISH];
    });
    const { model, clock } = over(inner, { maxRetries: 0 });
    await fail(model, 4);
    expect(inner.calls).toHaveLength(4);
    await fail(model, 1);
    well = true;
    const { error } = await failureOf(model);
    expect(error).toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      retryable: true,
      message: 'The model "fake" failed too often in a row and is not asked for now. Try again later.',
      details: { retryAfterMs: 60_000 },
    });
    expect(inner.calls).toHaveLength(5);
    await clock.advance(59_999);
    await fail(model, 1);
    expect(inner.calls).toHaveLength(5);
    await clock.advance(1);
    expect((await callModel(model)).text).toBe('back');
    expect((await callModel(model)).text).toBe('back');
  });

  it('in one call too, which is then not made again', async () => {
    const inner = failing();
    const { model, clock } = over(inner, { maxRetries: 9, firstRetryDelayMs: 1, maxRetryDelayMs: 1 });
    const call = failureOf(model);
    for (let i = 2; i <= 5; i++) {
      await pass(clock, 1);
      await vi.waitFor(() => expect(inner.calls).toHaveLength(i));
    }
    expect((await call).error).toMatchObject({ message: 'The model is not available.' });
    expect(inner.calls).toHaveLength(5);
  });

  it('is asked by one call alone after the minute; the others are refused, and when it fails another minute begins', async () => {
    const gate = closedGate();
    const inner = fakeModel(async function* ({ number }) {
      if (number === 6) await gate.opened;
      if (number <= 6) throw down();
      yield* [text('back'), FINISH];
    });
    const { model, clock } = over(inner, { maxRetries: 0 });
    await fail(model, 5);
    await clock.advance(60_000);
    const probe = failureOf(model);
    await vi.waitFor(() => expect(inner.calls).toHaveLength(6));
    await fail(model, 3);
    expect(inner.calls).toHaveLength(6);
    gate.open();
    expect((await probe).error).toMatchObject({ message: 'The model is not available.' });
    await clock.advance(59_999);
    await fail(model, 1);
    await clock.advance(1);
    expect((await callModel(model)).text).toBe('back');
  });

  it('is asked by the next call alone when the one that was let through is aborted', async () => {
    const inner = fakeModel(async function* (call) {
      if (call.number === 6) await silence(call);
      yield* [];
      throw down();
    });
    const { model, clock } = over(inner, { maxRetries: 0 });
    await fail(model, 5);
    await clock.advance(60_000);
    const aborter = new AbortController();
    const probe = failureOf(model, aborter.signal);
    await vi.waitFor(() => expect(inner.calls).toHaveLength(6));
    aborter.abort(new Error('enough'));
    expect((await probe).error).toEqual(new Error('enough'));
    await fail(model, 3);
    expect(inner.calls).toHaveLength(7);
  });

  it('in the middle of its answers is left alone too', async () => {
    const inner = fakeModel(function* () {
      yield text('half');
      throw new VerbatimError('MODEL_STREAM_CUT', 'It broke.');
    });
    const { model } = over(inner);
    for (let i = 0; i < 5; i++) expect((await failureOf(model)).error).toMatchObject({ code: 'MODEL_STREAM_CUT' });
    expect((await failureOf(model)).error).toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(inner.calls).toHaveLength(5);
  });

  it('with an answer, a refusal or an abort between them is not', async () => {
    const errors = [
      down(),
      down(),
      down(),
      down(),
      undefined,
      down(),
      down(),
      down(),
      down(),
      new VerbatimError('MODEL_RATE_LIMITED', 'x'),
    ];
    const inner = fakeModel(function* ({ number }) {
      const error = errors[number - 1];
      if (error !== undefined) throw error;
      yield* [text('fine'), FINISH];
    });
    const { model } = over(inner, { maxRetries: 0 });
    for (let i = 0; i < errors.length + 1; i++) await takeToFinish(model).catch(() => {});
    expect(inner.calls).toHaveLength(errors.length + 1);
    expect((await callModel(model)).text).toBe('fine');
  });

  it('is another than its neighbour', async () => {
    const clock = createManualClock();
    const broken = resilient(failing(), { clock, maxRetries: 0 });
    const well = resilient(fakeModel(answers()), { clock });
    await fail(broken, 6);
    expect((await callModel(well)).text).toBe('Hello');
  });

  it('is asked again when the clock is set back', async () => {
    const inner = failing();
    const { model, clock } = over(inner, { maxRetries: 0 });
    await fail(model, 6);
    clock.set(clock.now() - 3_600_000);
    await fail(model, 1);
    expect(inner.calls).toHaveLength(6);
  });
});

describe('calls at once', () => {
  it('are as many as allowed; the next ones wait in order, and those beyond are refused', async () => {
    const gates = Array.from({ length: 4 }, closedGate);
    const inner = fakeModel(async function* ({ number }) {
      await gates[number - 1]?.opened;
      yield* [text(`${number}`), FINISH];
    });
    const { model } = over(inner, { maxConcurrentCalls: 2, maxQueuedCalls: 2 });
    const calls = [1, 2, 3, 4].map(() => callModel(model));
    await vi.waitFor(() => expect(inner.calls).toHaveLength(2));
    expect((await failureOf(model)).error).toMatchObject({
      code: 'MODEL_RATE_LIMITED',
      retryable: true,
      message: 'The model "fake" is busy: 2 calls are under way and 2 wait. Try again later.',
    });
    gates[1]?.open();
    await vi.waitFor(() => expect(inner.calls).toHaveLength(3));
    for (const gate of gates) gate.open();
    expect((await Promise.all(calls)).map((answer) => answer.text)).toEqual(['1', '2', '3', '4']);
  });

  it('that are aborted while they wait make room at once, and those behind them are served', async () => {
    const gate = closedGate();
    const inner = fakeModel(async function* ({ number }) {
      if (number === 1) await gate.opened;
      yield* [text(`${number}`), FINISH];
    });
    const { model } = over(inner, { maxConcurrentCalls: 1, maxQueuedCalls: 1 });
    const first = callModel(model);
    await vi.waitFor(() => expect(inner.calls).toHaveLength(1));
    const aborter = new AbortController();
    const given = failureOf(model, aborter.signal);
    aborter.abort(new Error('enough'));
    expect((await given).error).toEqual(new Error('enough'));
    const second = callModel(model);
    gate.open();
    expect([(await first).text, (await second).text]).toEqual(['1', '2']);
  });

  it('are over when their readers leave', async () => {
    const inner = fakeModel(answers());
    const { model } = over(inner, { maxConcurrentCalls: 1, maxQueuedCalls: 0 });
    for await (const _ of model.stream(HELLO, { signal: new AbortController().signal })) break;
    expect(inner.open).toBe(0);
    expect((await callModel(model)).text).toBe('Hello');
  });

  it('wait no longer than a call may take', async () => {
    const inner = fakeModel(async function* (call) {
      yield text('a');
      await silence(call);
    });
    const { model, clock } = over(inner, { maxConcurrentCalls: 1, idleTimeoutMs: Number.POSITIVE_INFINITY, callTimeoutMs: 5_000 });
    const calls = [failureOf(model), failureOf(model)];
    await vi.waitFor(() => expect(clock.pending).toBe(2));
    await clock.advance(5_000);
    for (const call of calls) expect((await call).error).toMatchObject({ code: 'MODEL_TIMEOUT' });
  });
});

describe('time', () => {
  const deaf = (before: readonly ModelChunk[]): FakeModel =>
    fakeModel(async function* () {
      yield* before;
      await new Promise(() => {});
    });

  it('to the first chunk is limited for each attempt, also for a model that does not listen', async () => {
    const inner = deaf([]);
    const { model, clock } = over(inner, { maxRetries: 1 });
    const call = failureOf(model);
    await pass(clock, 30_000);
    await pass(clock, 1_000);
    await vi.waitFor(() => expect(inner.calls).toHaveLength(2));
    await pass(clock, 30_000);
    expect((await call).error).toMatchObject({ code: 'MODEL_TIMEOUT', message: 'The model fell silent.' });
    expect(clock.pending).toBe(0);
  });

  it('between two chunks is limited; what the reader takes does not count', async () => {
    const { model, clock } = over(deaf([text('a'), text('b')]));
    const chunks = model.stream(HELLO, { signal: new AbortController().signal })[Symbol.asyncIterator]();
    await chunks.next();
    await clock.advance(120_000);
    expect((await chunks.next()).value).toEqual(text('b'));
    const third = chunks.next();
    third.catch(() => {});
    await pass(clock, 59_999);
    await clock.advance(1);
    await expect(third).rejects.toMatchObject({ code: 'MODEL_TIMEOUT', message: 'The model fell silent.' });
  });

  it('of the whole call is limited, with what the reader takes', async () => {
    const { model, clock } = over(fakeModel(() => [text('a'), text('b'), FINISH]));
    const chunks = model.stream(HELLO, { signal: new AbortController().signal })[Symbol.asyncIterator]();
    await chunks.next();
    await clock.advance(600_000);
    await expect(chunks.next()).rejects.toMatchObject({ code: 'MODEL_TIMEOUT', message: 'The model took too long to answer.' });
  });
});

describe('an abort', () => {
  const reason = new Error('The person has changed their mind');

  it.each<[string, Model]>([
    [
      'before the first chunk',
      fakeModel(async function* (call) {
        await silence(call);
        yield FINISH;
      }),
    ],
    [
      'before the first chunk of a model that does not listen',
      fakeModel(async function* () {
        await new Promise(() => {});
        yield FINISH;
      }),
    ],
    ['between two attempts', failing()],
    [
      'between chunks',
      fakeModel(async function* (call) {
        yield text('a');
        await silence(call);
      }),
    ],
    [
      'between chunks of a model that does not listen',
      fakeModel(async function* () {
        yield text('a');
        await new Promise(() => {});
      }),
    ],
  ])('%s ends the call with its reason, and nothing is left', async (_when, inner) => {
    const { model, clock } = over(inner);
    const aborter = new AbortController();
    const added = vi.spyOn(aborter.signal, 'addEventListener');
    const removed = vi.spyOn(aborter.signal, 'removeEventListener');
    const call = failureOf(model, aborter.signal);
    await vi.waitFor(() => expect(clock.pending).toBe(2));
    aborter.abort(reason);
    expect((await call).error).toBe(reason);
    expect(clock.pending).toBe(0);
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
  });

  it('before the call asks nobody', async () => {
    const inner = fakeModel(answers());
    expect((await failureOf(over(inner).model, AbortSignal.abort(reason))).error).toBe(reason);
    expect(inner.calls).toHaveLength(0);
  });
});

it('a resilient model is what the model is at that time, passes on who calls, and closes it', async () => {
  let structuredOutput = false;
  const inner = Object.defineProperty(fakeModel(answers(), { name: 'mine', attachments: ['image/*'] }), 'structuredOutput', {
    get: () => structuredOutput,
  });
  const { model } = over(inner);
  expect(model.structuredOutput).toBe(false);
  structuredOutput = true;
  expect(model).toMatchObject({ name: 'mine', structuredOutput: true, attachments: ['image/*'] });
  const caller = { principalId: 'p', threadId: 't', runId: 'r' };
  for await (const _ of model.stream(HELLO, { signal: new AbortController().signal, caller }));
  expect(inner.calls[0]?.options.caller).toEqual(caller);
  await model.close?.();
  expect(inner.closed).toBe(1);
});

it('a model is made resilient once', () => {
  expect(() => resilient(openai('gpt-5-mini'))).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('The model "gpt-5-mini" is resilient already') }),
  );
});

it('a limit that is no number is refused, and named', () => {
  expect(() => resilient(fakeModel(answers()), { maxRetries: Number.NaN })).toThrow(
    'The model "fake": maxRetries must be a number of 0 or more.',
  );
});

it('has the defaults that are promised', () => {
  expect(RESILIENCE_DEFAULTS).toMatchObject({
    maxRetries: 3,
    firstRetryDelayMs: 1_000,
    maxRetryDelayMs: 10_000,
    maxFailures: 5,
    probeAfterMs: 60_000,
  });
});
