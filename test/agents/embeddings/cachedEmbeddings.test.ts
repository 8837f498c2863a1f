import { describe, expect, it, vi } from 'vitest';
import { type CachedEmbeddingsOptions, cachedEmbeddings } from '../../../src/agents/embeddings/cachedEmbeddings.ts';
import type { Embeddings } from '../../../src/agents/embeddings/embeddings.ts';
import { decodeVector, encodeVector } from '../../../src/agents/embeddings/vectorText.ts';
import { layeredCache } from '../../../src/agents/layeredCache.ts';
import { createManualClock } from '../../../src/testing/index.ts';
import { checkLeaks } from '../../support/leakCheck.ts';
import { closedGate } from '../../testing/gate.ts';
import { fakeEmbeddings } from './fakeEmbeddings.ts';

checkLeaks();

const never = (): AbortSignal => new AbortController().signal;
const FROM_CACHE = { inputTokens: 0, outputTokens: 0, cachedCalls: 1 };

function over(inner: Embeddings, options: CachedEmbeddingsOptions = {}) {
  const clock = createManualClock();
  return { clock, embeddings: cachedEmbeddings(inner, { cache: layeredCache({ clock }), ...options }) };
}

it('a text is asked for once a day, whatever stands beside it; the order is that of the texts', async () => {
  const inner = fakeEmbeddings();
  const { embeddings, clock } = over(inner);
  expect(await embeddings.embed(['a', 'bb', 'a'], { signal: never() })).toEqual({
    vectors: [
      [1, 0.5],
      [2, 0.5],
      [1, 0.5],
    ],
    usage: { inputTokens: 2, outputTokens: 0 },
  });
  expect(await embeddings.embed(['ccc', 'bb'], { signal: never() })).toEqual({
    vectors: [
      [3, 0.5],
      [2, 0.5],
    ],
    usage: { inputTokens: 1, outputTokens: 0 },
  });
  expect(await embeddings.embed(['bb', 'ccc', 'a'], { signal: never() })).toEqual({
    vectors: [
      [2, 0.5],
      [3, 0.5],
      [1, 0.5],
    ],
    usage: FROM_CACHE,
  });
  expect(inner.calls.map(({ texts }) => texts)).toEqual([['a', 'bb'], ['ccc']]);
  await clock.advance(24 * 60 * 60_000);
  await embeddings.embed(['a'], { signal: never() });
  expect(inner.calls).toHaveLength(3);
});

it('vectors of another model are others', async () => {
  const cache = layeredCache();
  const a = cachedEmbeddings(
    fakeEmbeddings(() => [[1]], 'a'),
    { cache },
  );
  const b = cachedEmbeddings(
    fakeEmbeddings(() => [[2]], 'b'),
    { cache },
  );
  await a.embed(['x'], { signal: never() });
  expect((await b.embed(['x'], { signal: never() })).vectors).toEqual([[2]]);
});

describe('texts that are being asked for', () => {
  it('are not asked for again, and counted once', async () => {
    const gate = closedGate();
    const inner = fakeEmbeddings(async (texts) => {
      await gate.opened;
      return texts.map((text) => [text.length]);
    });
    const { embeddings } = over(inner);
    const calls = [['a', 'bb'], ['bb', 'ccc'], ['a', 'ccc'], ['bb']].map((texts) => embeddings.embed(texts, { signal: never() }));
    await vi.waitFor(() => expect(inner.calls).toHaveLength(2));
    gate.open();
    const all = await Promise.all(calls);
    expect(all.map(({ vectors }) => vectors)).toEqual([[[1], [2]], [[2], [3]], [[1], [3]], [[2]]]);
    expect(inner.calls.map(({ texts }) => texts)).toEqual([['a', 'bb'], ['ccc']]);
    expect(all.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0), 0)).toBe(3);
  });

  it('are asked for until the last who waits for one of them has gone', async () => {
    const inner = fakeEmbeddings(
      (_texts, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
    );
    const { embeddings } = over(inner);
    const aborters = [new AbortController(), new AbortController()];
    const calls = [
      embeddings.embed(['a', 'bb'], { signal: aborters[0]?.signal ?? never() }),
      embeddings.embed(['bb'], { signal: aborters[1]?.signal ?? never() }),
    ];
    for (const call of calls) call.catch(() => {});
    await vi.waitFor(() => expect(inner.calls).toHaveLength(1));
    aborters[0]?.abort(new Error('enough'));
    await expect(calls[0]).rejects.toThrow('enough');
    expect(inner.calls[0]?.signal.aborted).toBe(false);
    aborters[1]?.abort(new Error('enough'));
    await expect(calls[1]).rejects.toThrow('enough');
    expect(inner.calls[0]?.signal.aborted).toBe(true);
    const next = embeddings.embed(['a'], { signal: AbortSignal.timeout(50) });
    await expect(next).rejects.toThrow();
    expect(inner.calls).toHaveLength(2);
  });
});

it('a failure is told to all who wait, and not kept', async () => {
  let fail = true;
  const inner = fakeEmbeddings(async (texts) => {
    if (fail) throw new Error('out');
    return texts.map(() => [1]);
  });
  const { embeddings } = over(inner);
  const calls = [embeddings.embed(['a'], { signal: never() }), embeddings.embed(['a'], { signal: never() })];
  for (const call of calls) await expect(call).rejects.toThrow('out');
  fail = false;
  expect((await embeddings.embed(['a'], { signal: never() })).vectors).toEqual([[1]]);
});

it('a model that makes too few vectors fails', async () => {
  const { embeddings } = over(fakeEmbeddings(() => [[1]]));
  await expect(embeddings.embed(['a', 'b'], { signal: never() })).rejects.toMatchObject({ code: 'MODEL_BAD_RESPONSE' });
});

it('a vector is kept exactly, and what is no vector is none', () => {
  for (const vector of [[0.5, -1, 3], [0.1, 1 / 3, Math.PI], [Math.fround(0.1)]])
    expect(decodeVector(encodeVector(vector))).toEqual(vector);
  expect(encodeVector([0.5])).toMatch(/^f32:/);
  for (const other of ['', 'f32:', 'f32:AAA=', 'f64:AAAA', 'x', 1, null, undefined]) expect(decodeVector(other)).toBeUndefined();
});
