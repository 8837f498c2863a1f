import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../src/testing/script.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { callModel, failureOf, HELLO } from '../agents/models/callModel.ts';
import { closedGate } from './gate.ts';

describe('a scripted model', () => {
  it('says its steps in order, one a call, and keeps the requests', async () => {
    const model = scriptedModel(
      [
        {
          reasoning: 'Hm.',
          text: 'Let me look.',
          toolCalls: [{ name: 'lookup', input: { id: 1 } }, { name: 'now' }, { name: 'bad', arguments: '{"a' }],
        },
        { text: 'Done.' },
      ],
      { name: 'mine' },
    );
    expect(model.remaining).toBe(2);
    const first = await callModel(model);
    expect({ text: first.text, reasoning: first.reasoning }).toEqual({ text: 'Let me look.', reasoning: 'Hm.' });
    expect(first.end).toMatchObject({
      finish: 'tool_calls',
      toolCalls: [
        { tool: 'lookup', arguments: '{"id":1}' },
        { tool: 'now', arguments: '{}' },
        { tool: 'bad', arguments: '{"a' },
      ],
    });
    const request = { ...HELLO, instructions: 'Be brief.' };
    expect(await callModel(model, request)).toMatchObject({ text: 'Done.', end: { finish: 'stop', toolCalls: [] } });
    expect(model).toMatchObject({ name: 'mine', remaining: 0 });
    expect(model.requests).toEqual([HELLO, request]);
    expect(() => model.assertDone()).not.toThrow();
  });

  it('names the steps that are left over', async () => {
    const model = scriptedModel([{ text: 'one' }, { text: 'two' }, () => ({ text: 'three' })]);
    await callModel(model);
    expect(() => model.assertDone()).toThrow('The model "scripted" has 2 of 3 steps left over:\n  2: { text: "two" }\n  3: a function');
  });

  it('fails a call for which there is no step, and says which', async () => {
    const model = scriptedModel([{ text: 'one' }]);
    await callModel(model);
    const { error } = await failureOf(model);
    expect(error).toMatchObject({
      code: 'MODEL_FAILED',
      message: 'Call 2 of the model "scripted" has no step: its script has 1.',
      retryable: false,
    });
    expect(model.remaining).toBe(0);
  });

  it('fails as scripted, after the text of the step', async () => {
    const model = scriptedModel([
      { text: 'one', error: 'Broken.' },
      { error: { code: 'MODEL_RATE_LIMITED', message: 'Too often.' } },
      { error: { code: 'MODEL_RATE_LIMITED', retryable: false } },
    ]);
    expect(await failureOf(model)).toMatchObject({ text: 'one', error: { code: 'MODEL_FAILED', message: 'Broken.', retryable: true } });
    expect((await failureOf(model)).error).toMatchObject({ code: 'MODEL_RATE_LIMITED', message: 'Too often.', retryable: true });
    expect((await failureOf(model)).error).toMatchObject({ code: 'MODEL_RATE_LIMITED', retryable: false });
  });

  it('answers by a function of the request', async () => {
    const model = scriptedModel([async ({ messages }) => ({ text: `You sent ${messages.length}` })]);
    expect((await callModel(model)).text).toBe('You sent 1');
  });

  it('reports the usage and the finish it is told to', async () => {
    const usage = { inputTokens: 1, outputTokens: 2, cachedTokens: 1 };
    const model = scriptedModel([{ text: 'a', usage, finish: 'length' }, { text: 'a', usage: null }, { text: 'four' }]);
    expect((await callModel(model)).end).toEqual({ type: 'finish', finish: 'length', toolCalls: [], usage });
    expect((await callModel(model)).end).toEqual({ type: 'finish', finish: 'stop', toolCalls: [] });
    expect((await callModel(model)).end.usage?.outputTokens).toBe(1);
  });

  it('cuts its text into pieces, never inside a character and never empty', async () => {
    expect(piecesOf({ text: '👋🏽ab', chunks: 3 })).toEqual(['👋', '🏽', 'ab']);
    expect(piecesOf({ text: 'ab', chunks: 9 })).toEqual(['a', 'b']);
    expect(piecesOf({ text: '', chunks: 3 })).toEqual([]);
    const { chunks } = await callModel(scriptedModel([{ chunks: ['a ', '', 'b'] }]));
    expect(chunks.slice(0, -1)).toEqual([
      { type: 'text', delta: 'a ' },
      { type: 'text', delta: 'b' },
    ]);
  });

  it('waits before each piece', async () => {
    const startedAt = performance.now();
    await callModel(scriptedModel([{ text: 'abc', chunks: 3, delayMs: 10 }]));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(38);
  });

  it('holds before its first piece and before its end until it is let go', async () => {
    const start = closedGate();
    const end = closedGate();
    const model = scriptedModel([{ text: 'a', waitFor: start.opened, until: end.opened }]);
    const chunks = model.stream(HELLO, { signal: new AbortController().signal })[Symbol.asyncIterator]();
    const order: string[] = [];
    const first = chunks.next().then(() => order.push('text'));
    await new Promise((resolve) => setImmediate(resolve));
    order.push('start');
    start.open();
    await first;
    const second = chunks.next().then(() => order.push('finish'));
    await new Promise((resolve) => setImmediate(resolve));
    order.push('end');
    end.open();
    await second;
    expect(order).toEqual(['start', 'text', 'end', 'finish']);
  });

  const never = new Promise<never>(() => {});
  it.each([
    ['a delay', { text: 'a', delayMs: 60_000 }],
    ['the start', { text: 'a', waitFor: never }],
    ['the end', { text: 'a', until: never }],
    ['a function', () => never],
  ])('an abort ends %s at once', async (_what, step) => {
    const reason = new Error('enough');
    const aborter = new AbortController();
    const call = failureOf(scriptedModel([step]), aborter.signal);
    setImmediate(() => aborter.abort(reason));
    expect((await call).error).toBe(reason);
  });
});
