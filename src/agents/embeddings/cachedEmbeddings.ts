import { createHash } from 'node:crypto';
import type { Usage } from '../../protocol/event.ts';
import { addUsage } from '../../protocol/usage.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { type LayeredCache, layeredCache } from '../layeredCache.ts';
import { abortable } from '../models/abortable.ts';
import type { Embeddings, Vector } from './embeddings.ts';
import { decodeVector, encodeVector } from './vectorText.ts';

const DEFAULT_TTL_MS = 24 * 60 * 60_000;
const FROM_CACHE: Usage = { inputTokens: 0, outputTokens: 0, cachedCalls: 1 };

export interface CachedEmbeddingsOptions {
  /** How long a vector holds. Default one day. */
  readonly ttlMs?: number;
  /** Where vectors are kept, to be shared or to have a second layer. Default: memory of its own, bounded as `layeredCache()` is. */
  readonly cache?: LayeredCache;
}

/** Texts that were asked for together. */
interface Lookup {
  readonly vectors: Promise<ReadonlyMap<string, Vector>>;
  readonly controller: AbortController;
  readers: number;
  over: boolean;
  /** What it cost, until somebody has been told: it is counted once. */
  usage: Usage | undefined;
}

/**
 * Embeddings that are kept for a while, text by text, for everyone: a vector tells nothing that its text does not. A text that is being asked
 * for is not asked for again; the call ends when nobody waits for any of its texts any more. Failures are not kept.
 */
export function cachedEmbeddings(embeddings: Embeddings, options: CachedEmbeddingsOptions = {}): Embeddings {
  const { ttlMs = DEFAULT_TTL_MS, cache = layeredCache() } = options;
  const lookups = new Map<string, Lookup>();
  const keyOf = (text: string): string =>
    `vector-1:${createHash('sha256')
      .update(JSON.stringify([embeddings.name, text]))
      .digest('base64url')}`;

  function lookUp(texts: readonly string[]): Lookup {
    const controller = new AbortController();
    const end = (): void => {
      lookup.over = true;
      for (const text of texts) if (lookups.get(text) === lookup) lookups.delete(text);
    };
    const lookup: Lookup = {
      vectors: find(texts, controller.signal, (usage) => (lookup.usage = usage)).finally(end),
      controller,
      readers: 0,
      over: false,
      usage: undefined,
    };
    // Its readers may all have left.
    lookup.vectors.catch(() => {});
    for (const text of texts) lookups.set(text, lookup);
    return lookup;
  }

  async function find(
    texts: readonly string[],
    signal: AbortSignal,
    onUsage: (usage: Usage | undefined) => void,
  ): Promise<ReadonlyMap<string, Vector>> {
    const found = new Map<string, Vector>();
    const looked = texts.map(async (text) => {
      const vector = decodeVector(await cache.get(keyOf(text)));
      if (vector !== undefined) found.set(text, vector);
    });
    await Promise.all(looked);
    const missing = texts.filter((text) => !found.has(text));
    if (missing.length === 0) return found;
    const { vectors, usage } = await embeddings.embed(missing, { signal });
    onUsage(usage);
    const kept = missing.map(async (text, index) => {
      const vector = vectors[index];
      if (vector === undefined) throw new VerbatimError('MODEL_BAD_RESPONSE', 'The embedding model made too few vectors.');
      found.set(text, vector);
      await cache.set(keyOf(text), encodeVector(vector), ttlMs);
    });
    await Promise.all(kept);
    return found;
  }

  function leave(lookup: Lookup): void {
    if (--lookup.readers > 0 || lookup.over) return;
    // Whoever asks from now on must not join what ends here.
    for (const [text, other] of lookups) if (other === lookup) lookups.delete(text);
    lookup.controller.abort();
  }

  return {
    name: embeddings.name,
    async embed(texts, { signal }) {
      signal.throwIfAborted();
      const unknown = [...new Set(texts)].filter((text) => !lookups.has(text));
      if (unknown.length > 0) lookUp(unknown);
      const joined = [...new Set(texts.flatMap((text) => lookups.get(text) ?? []))];
      for (const lookup of joined) lookup.readers++;
      try {
        const found = await abortable(Promise.all(joined.map((lookup) => lookup.vectors)), signal);
        const vectors = texts.map((text) => found.find((vectors) => vectors.has(text))?.get(text) ?? []);
        return { vectors, usage: usageOf(joined) };
      } finally {
        for (const lookup of joined) leave(lookup);
      }
    },
    close: async () => embeddings.close?.(),
  };
}

/** What of these has not been counted yet. */
function usageOf(lookups: readonly Lookup[]): Usage {
  let total: Usage | undefined;
  for (const lookup of lookups) {
    if (lookup.usage !== undefined) total = total === undefined ? lookup.usage : addUsage(total, lookup.usage);
    lookup.usage = undefined;
  }
  return total ?? FROM_CACHE;
}
