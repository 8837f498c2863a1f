import type { Embedded, Embeddings } from '../../../src/agents/embeddings/embeddings.ts';

export interface FakeEmbeddings extends Embeddings {
  readonly calls: readonly { readonly texts: readonly string[]; readonly signal: AbortSignal }[];
}

/** Embeddings that do what a function does; by default a vector is the text's length and a half. */
export function fakeEmbeddings(
  act: (texts: readonly string[], signal: AbortSignal) => Embedded['vectors'] | Promise<Embedded['vectors']> = (texts) =>
    texts.map((text) => [text.length, 0.5]),
  name = 'fake',
): FakeEmbeddings {
  const calls: { texts: readonly string[]; signal: AbortSignal }[] = [];
  return {
    name,
    calls,
    async embed(texts, { signal }) {
      calls.push({ texts, signal });
      return { vectors: await act(texts, signal), usage: { inputTokens: texts.length, outputTokens: 0 } };
    },
  };
}
