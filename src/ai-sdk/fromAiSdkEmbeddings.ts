import type { EmbeddingModelV3 } from '@ai-sdk/provider';
import type { Embeddings, Vector } from '../agents/embeddings/embeddings.ts';
import { textBatches } from '../agents/embeddings/textBatches.ts';
import { Resilience, type ResilienceOptions } from '../agents/models/resilience.ts';
import { aiSdkFailure } from './aiSdkFailure.ts';

/** An embedding model of the AI SDK, such as `openai.embedding('text-embedding-3-small')` of `@ai-sdk/openai`, with the policies of a model. */
export function fromAiSdkEmbeddings(model: EmbeddingModelV3, options: ResilienceOptions = {}): Embeddings {
  const resilience = new Resilience(`The embedding model "${model.modelId}"`, options);
  return {
    name: model.modelId,
    async embed(texts, { signal }) {
      const vectors: Vector[] = [];
      let tokens: number | undefined;
      const maxBatchTexts = (await model.maxEmbeddingsPerCall) ?? Number.POSITIVE_INFINITY;
      for (const values of textBatches(texts, { maxBatchTexts, maxBatchLength: 250_000 })) {
        const answer = await resilience.whole(
          signal,
          (watchdog) => model.doEmbed({ values: [...values], abortSignal: watchdog.signal }),
          aiSdkFailure,
        );
        vectors.push(...answer.embeddings);
        if (answer.usage !== undefined) tokens = (tokens ?? 0) + answer.usage.tokens;
      }
      return { vectors, ...(tokens !== undefined && { usage: { inputTokens: tokens, outputTokens: 0 } }) };
    },
  };
}
