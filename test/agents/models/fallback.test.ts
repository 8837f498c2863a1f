import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import type { ModelChunk } from '../../../src/agents/model.ts';
import { type FallbackOptions, fallback } from '../../../src/agents/models/fallback.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { createManualClock, createTestServer } from '../../../src/testing/index.ts';
import { checkLeaks } from '../../support/leakCheck.ts';
import { callModel, failureOf } from './callModel.ts';
import { answers, down, type FakeModel, FINISH, fakeModel, silence, text } from './fakeModel.ts';

checkLeaks();

/** Fails its first calls with these, and then answers with its name. */
function model(name: string, errors: readonly unknown[] = []): FakeModel {
  return fakeModel(
    function* ({ number }) {
      const error = errors[number - 1];
      if (error !== undefined) throw error;
      yield* [text(name), FINISH];
    },
    { name },
  );
}

function pair(errors: readonly unknown[], options: FallbackOptions = {}) {
  const clock = createManualClock();
  const a = model('a', errors);
  const b = model('b');
  return { a, b, clock, both: fallback([a, b], { clock, ...options }) };
}

const toB = (reason: string): ModelChunk => ({ type: 'switched', from: 'a', to: 'b', reason });

it('the first model answers as long as it can, and nothing is said of it', async () => {
  const { b, both } = pair([]);
  expect((await callModel(both)).chunks).toEqual([text('a'), FINISH]);
  expect(b.calls).toHaveLength(0);
});

describe('a model that fails before its answer', () => {
  it('gives way to the next, which says so first', async () => {
    const { both } = pair([down('The model is out.')]);
    expect((await callModel(both)).chunks).toEqual([toB('The model is out.'), text('b'), FINISH]);
  });

  it('rests for a minute: the next calls begin with the other, and then it is tried again', async () => {
    const { a, both, clock } = pair([down('The model is out.')]);
    await callModel(both);
    await clock.advance(59_999);
    expect((await callModel(both)).chunks).toEqual([toB('The model is out.'), text('b'), FINISH]);
    expect(a.calls).toHaveLength(1);
    await clock.advance(1);
    expect((await callModel(both)).chunks).toEqual([text('a'), FINISH]);
  });

  it('does not rest longer because the clock was set back', async () => {
    const { both, clock } = pair([down()]);
    await callModel(both);
    clock.set(clock.now() - 3_600_000);
    expect((await callModel(both)).text).toBe('a');
  });

  it('does not rest at all when told so', async () => {
    const { both } = pair([down()], { restMs: 0 });
    await callModel(both);
    expect((await callModel(both)).text).toBe('a');
  });

  it('because of the request gives way, and does not rest', async () => {
    const { both } = pair([new VerbatimError('MODEL_BAD_REQUEST', 'Too long.')]);
    expect((await callModel(both)).chunks).toEqual([toB('Too long.'), text('b'), FINISH]);
    expect((await callModel(both)).text).toBe('a');
  });

  it('because it refuses the conversation does not give way', async () => {
    const { b, both } = pair([new VerbatimError('MODEL_REFUSED', 'No.')]);
    expect((await failureOf(both)).error).toMatchObject({ code: 'MODEL_REFUSED' });
    expect(b.calls).toHaveLength(0);
  });

  it('is asked after the other, which fails too, though it rests', async () => {
    const a = model('a', [down('a is out.')]);
    const b = model('b', [undefined, down('b is out.')]);
    const both = fallback([a, b], { clock: createManualClock() });
    await callModel(both);
    expect((await callModel(both)).chunks).toEqual([
      toB('a is out.'),
      { type: 'switched', from: 'b', to: 'a', reason: 'b is out.' },
      text('a'),
      FINISH,
    ]);
  });

  it('as all of them do fails the call with the failure of the last', async () => {
    const both = fallback([model('a', [down()]), model('b', [new VerbatimError('MODEL_UNAUTHORIZED', 'No key.')])]);
    expect((await failureOf(both)).error).toMatchObject({ code: 'MODEL_UNAUTHORIZED' });
  });

  it('says nothing of what is not for readers', async () => {
    const { both } = pair([new TypeError('at /srv/secret.ts')]);
    expect((await callModel(both)).chunks[0]).toEqual(toB('The model call failed.'));
  });
});

it('an answer that breaks off is not begun anew by another, but the next call is the other one', async () => {
  const a = fakeModel(
    function* () {
      yield text('half');
      throw new VerbatimError('MODEL_STREAM_CUT', 'It broke.');
    },
    { name: 'a' },
  );
  const both = fallback([a, model('b')], { clock: createManualClock() });
  expect(await failureOf(both)).toMatchObject({ error: { code: 'MODEL_STREAM_CUT' }, text: 'half' });
  expect((await callModel(both)).chunks).toEqual([toB('It broke.'), text('b'), FINISH]);
});

it('an abort ends the call, and asks nobody else', async () => {
  const a = fakeModel(
    async function* (call) {
      await silence(call);
      yield FINISH;
    },
    { name: 'a' },
  );
  const b = model('b');
  const both = fallback([a, b]);
  const reason = new Error('enough');
  const aborter = new AbortController();
  const call = failureOf(both, aborter.signal);
  aborter.abort(reason);
  expect((await call).error).toBe(reason);
  expect(b.calls).toHaveLength(0);
});

it('of three, each says from whom to whom', async () => {
  const three = fallback([fallback([model('a', [down('1')]), model('b', [down('2')])]), model('c')]);
  expect((await callModel(three)).chunks).toEqual([
    { type: 'switched', from: 'a', to: 'b', reason: '1' },
    { type: 'switched', from: 'b', to: 'c', reason: '2' },
    text('c'),
    FINISH,
  ]);
});

it('together they can do what each of them can, have the name of the first, and are closed together', async () => {
  const traits = { structuredOutput: true, attachments: ['image/*', 'application/pdf'] };
  const a = fakeModel(answers(), { name: 'a', ...traits });
  const b = fakeModel(answers(), { name: 'b', structuredOutput: true, attachments: ['image/png', 'text/plain', 'application/*'] });
  const both = fallback([a, b]);
  expect(both).toMatchObject({ name: 'a', structuredOutput: true, attachments: ['application/pdf', 'image/png'] });
  expect(fallback([a, model('c')])).toMatchObject({ structuredOutput: false, attachments: [] });
  await both.close?.();
  expect([a.closed, b.closed]).toEqual([1, 1]);
});

it('a run is counted under the model that answered', async () => {
  const bot = defineAgent({ description: '', model: pair([down()]).both });
  await using server = await createTestServer({ agents: { bot }, prices: { b: { input: 1, output: 1 } } });
  const run = await server.client().send({ agent: 'bot', text: 'hello' });
  expect(await run.result()).toMatchObject({ status: 'completed', text: 'b', usage: { cost: 0.000015 } });
});
