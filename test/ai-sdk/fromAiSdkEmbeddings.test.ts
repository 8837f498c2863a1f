import type { EmbeddingModelV3 } from '@ai-sdk/provider';
import { expect, it } from 'vitest';
import { fromAiSdkEmbeddings } from '../../src/ai-sdk/fromAiSdkEmbeddings.ts';

const signal = new AbortController().signal;

function model(change: Partial<EmbeddingModelV3> = {}): EmbeddingModelV3 & { readonly calls: (readonly string[])[] } {
  const calls: (readonly string[])[] = [];
  return {
    specificationVersion: 'v3',
    provider: 'test',
    modelId: 'small',
    maxEmbeddingsPerCall: 2,
    supportsParallelCalls: false,
    calls,
    async doEmbed({ values }) {
      calls.push(values);
      return { embeddings: values.map((value) => [value.length]), usage: { tokens: values.length }, warnings: [] };
    },
    ...change,
  };
}

it('an embedding model of the AI SDK makes vectors, in as many calls as it needs', async () => {
  const inner = model();
  const embeddings = fromAiSdkEmbeddings(inner);
  expect(await embeddings.embed(['a', 'bb', 'ccc'], { signal })).toEqual({
    vectors: [[1], [2], [3]],
    usage: { inputTokens: 3, outputTokens: 0 },
  });
  expect(inner.calls).toEqual([['a', 'bb'], ['ccc']]);
  expect(embeddings.name).toBe('small');
});

it('its failures are typed, and its signal is the caller’s', async () => {
  const failing = fromAiSdkEmbeddings(model({ doEmbed: () => Promise.reject(new Error('secret')) }), { maxRetries: 0 });
  await expect(failing.embed(['a'], { signal })).rejects.toMatchObject({ code: 'MODEL_FAILED', message: 'The model call failed.' });
  const silent = fromAiSdkEmbeddings(
    model({
      doEmbed: ({ abortSignal }) =>
        new Promise((_resolve, reject) => abortSignal?.addEventListener('abort', () => reject(abortSignal.reason))),
    }),
  );
  const aborter = new AbortController();
  const call = silent.embed(['a'], { signal: aborter.signal });
  call.catch(() => {});
  aborter.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});
