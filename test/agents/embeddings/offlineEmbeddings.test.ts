import { expect, it } from 'vitest';
import { cosineSimilarity } from '../../../src/agents/embeddings/embeddings.ts';
import { offlineEmbeddings } from '../../../src/agents/embeddings/offlineEmbeddings.ts';

const signal = new AbortController().signal;

async function nearness(a: string, b: string): Promise<number> {
  const { vectors } = await offlineEmbeddings().embed([a, b], { signal });
  return cosineSimilarity(vectors[0] ?? [], vectors[1] ?? []);
}

it.each([
  ['Where is my order?', 'When will my order arrive?', 'The weather in Lisbon is fine.'],
  ['I was charged twice this month', 'Why was my card charged two times?', 'The app crashes when it starts'],
  ['How do I reset my password?', 'I forgot my password and cannot log in', 'Please send me an invoice'],
  ['Die Rechnung ist falsch', 'Auf meiner Rechnung steht ein falscher Betrag', 'Der Bildschirm bleibt schwarz'],
  ['café résumé', 'CAFE RESUME', 'cafeteria'],
])('"%s" is nearer to "%s" than to "%s"', async (text, near, far) => {
  expect(await nearness(text, near)).toBeGreaterThan((await nearness(text, far)) + 0.1);
});

it('the same text has the same vector, of length 1; nothing has no direction', async () => {
  const { vectors } = await offlineEmbeddings({ dimensions: 64 }).embed(['Hello there', 'Hello there', ' .,! '], { signal });
  expect(vectors[0]).toEqual(vectors[1]);
  expect(vectors[0]).toHaveLength(64);
  expect(Math.hypot(...(vectors[0] ?? []))).toBeCloseTo(1, 12);
  expect(vectors[2]).toEqual(new Array(64).fill(0));
  // As it is in every other process.
  expect(vectors[0]?.slice(0, 4)).toEqual([0, 0, -0.25, 0]);
});

it('an abort is heard, and vectors of two models are not compared', async () => {
  await expect(offlineEmbeddings().embed(['a'], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect(() => cosineSimilarity([1], [1, 2])).toThrow(RangeError);
  expect([
    cosineSimilarity([1, 0], [2, 0]),
    cosineSimilarity([1, 0], [0, 1]),
    cosineSimilarity([1], [-3]),
    cosineSimilarity([0], [1]),
  ]).toEqual([1, 0, -1, 0]);
});
