import type { Embeddings, Vector } from './embeddings.ts';

const DEFAULT_DIMENSIONS = 512;

/**
 * Embeddings without network, key or model, for development and tests: texts that share words, or parts of words, are near each other. It
 * knows nothing of what words mean. The same text has always the same vector, of length 1, in every process.
 */
export function offlineEmbeddings({ dimensions = DEFAULT_DIMENSIONS }: { readonly dimensions?: number } = {}): Embeddings {
  return {
    name: `offline-${dimensions}`,
    async embed(texts, { signal }) {
      signal.throwIfAborted();
      return { vectors: texts.map((text) => vectorOf(text, dimensions)) };
    },
  };
}

function vectorOf(text: string, dimensions: number): Vector {
  const sums = new Array<number>(dimensions).fill(0);
  for (const [feature, weight] of features(text)) {
    const hash = fnv1a(feature);
    const at = (hash >>> 1) % dimensions;
    // Half of the features count downwards, so that those that meet by chance do not add up.
    sums[at] = (sums[at] ?? 0) + ((hash & 1) === 0 ? weight : -weight);
  }
  const length = Math.hypot(...sums);
  return length === 0 ? sums : sums.map((sum) => sum / length);
}

/** Words, and their parts of three letters for the sake of endings and misspellings. Short words say little. */
function* features(text: string): Generator<readonly [string, number]> {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+/gu)) {
    const letters = [...word];
    const weight = Math.min(1, letters.length / 6) ** 2;
    yield [word, weight];
    const framed = ['<', ...letters, '>'];
    for (let i = 0; i + 3 <= framed.length; i++) yield [`#${framed.slice(i, i + 3).join('')}`, weight / 2];
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // Without this, texts that differ at their end fall into neighbouring places.
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}
