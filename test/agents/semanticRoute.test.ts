import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { offlineEmbeddings } from '../../src/agents/embeddings/offlineEmbeddings.ts';
import { semanticRoute } from '../../src/agents/semanticRoute.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { closedGate } from '../testing/gate.ts';
import { fakeEmbeddings } from './embeddings/fakeEmbeddings.ts';

checkLeaks();

const never = (): AbortSignal => new AbortController().signal;
const EXAMPLES = {
  billing: ['I was charged twice', 'Where is my invoice?', 'I want my money back'],
  tech: ['The app crashes when it starts', 'I cannot log in', 'The screen stays black'],
};

describe('a text is routed', () => {
  const route = semanticRoute({ embeddings: offlineEmbeddings(), examples: EXAMPLES });

  it.each([
    ['Why have I been charged twice?', 'billing'],
    ['please send the invoice of May', 'billing'],
    ['the app crashed again when I started it', 'tech'],
    ['log in does not work, I cannot do anything', 'tech'],
  ])('"%s" to %s', async (text, to) => {
    expect(await route({ text, signal: never() })).toMatchObject({ to });
  });

  it('to nobody when it is near to nothing, or is nothing', async () => {
    expect(await route({ text: 'What a lovely Tuesday', signal: never() })).toBeUndefined();
    expect(await route({ text: '  ', signal: never() })).toBeUndefined();
  });

  it('with a reason that names what it is near to', async () => {
    const choice = await route({ text: 'I was charged twice', signal: never() });
    expect(choice).toEqual({ to: 'billing', reason: 'near to "I was charged twice" (1.00)' });
    expectTypeOf(choice).toEqualTypeOf<{ readonly to: 'billing' | 'tech'; readonly reason: string } | undefined>();
  });

  it('when it is near enough, and not when it is less', async () => {
    const embeddings = fakeEmbeddings((texts) => texts.map((text) => (text === 'asked' ? [0.6, 0.8] : [1, 0])));
    const at = (minScore: number) => semanticRoute({ embeddings, examples: { a: ['x'] }, minScore })({ text: 'asked', signal: never() });
    expect(await at(0.6)).toEqual({ to: 'a', reason: 'near to "x" (0.60)' });
    expect(await at(0.61)).toBeUndefined();
  });
});

it('the examples are embedded once', async () => {
  const inner = fakeEmbeddings();
  const route = semanticRoute({ embeddings: inner, examples: { a: ['x', 'y'], b: ['z'] } });
  await Promise.all([route({ text: 'one', signal: never() }), route({ text: 'two', signal: never() })]);
  await route({ text: 'three', signal: never() });
  expect(inner.calls.map(({ texts }) => texts)).toEqual([['x', 'y', 'z'], ['one'], ['two'], ['three']]);
});

it('a failure to embed the examples is the caller’s, and the next text tries again', async () => {
  let fail = true;
  const inner = fakeEmbeddings(async (texts) => {
    if (fail && texts.length > 1) throw new Error('out');
    return texts.map(() => [1]);
  });
  const route = semanticRoute({ embeddings: inner, examples: EXAMPLES });
  await expect(route({ text: 'one', signal: never() })).rejects.toThrow('out');
  fail = false;
  expect(await route({ text: 'one', signal: never() })).toMatchObject({ to: 'billing' });
});

it('an abort ends one caller’s wait, and not the work for the others', async () => {
  const gate = closedGate();
  const inner = fakeEmbeddings(async (texts) => {
    if (texts.length > 1) await gate.opened;
    return texts.map(() => [1]);
  });
  const route = semanticRoute({ embeddings: inner, examples: EXAMPLES });
  const aborter = new AbortController();
  const given = route({ text: 'one', signal: aborter.signal });
  given.catch(() => {});
  const other = route({ text: 'two', signal: never() });
  await vi.waitFor(() => expect(inner.calls).toHaveLength(3));
  aborter.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  gate.open();
  expect(await other).toMatchObject({ to: 'billing' });
});

it('without any example there is no route', () => {
  expect(() => semanticRoute({ embeddings: offlineEmbeddings(), examples: { a: [] } })).toThrow('semanticRoute needs an example');
});
