import { Cacheable, Keyv } from 'cacheable';
import { type Clock, systemClock } from '../protocol/clock.ts';
import type { Json } from '../protocol/json.ts';
import { BoundedStore } from './boundedStore.ts';

export const CACHE_DEFAULTS = {
  /** What memory holds; what was used least lately goes first. */
  maxEntries: 1_000,
  maxBytes: 64 * 1024 * 1024,
  /** A larger value is kept in no layer. */
  maxEntryBytes: 1024 * 1024,
  /** A second layer that takes longer to answer is passed over. */
  secondTimeoutMs: 1_000,
} as const;

/** A store behind the memory. The adapters of Keyv are such stores: `new KeyvRedis('redis://...')`. Values are texts. */
export interface CacheStore {
  get(key: string): unknown;
  set(key: string, value: string, ttlMs?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
}

export interface LayeredCacheOptions extends Partial<Readonly<Record<keyof typeof CACHE_DEFAULTS, number>>> {
  /** Asked for what memory does not hold, and given everything that memory is given. Whoever made it closes it. */
  readonly second?: CacheStore;
  /** Told when a layer fails; what is asked for then counts as not there. */
  readonly onError?: (cause: unknown) => void;
  /** For tests: time to be moved by hand. */
  readonly clock?: Clock;
}

/** Values that may be gone at any time. It never throws: a cache that fails holds nothing. */
export interface LayeredCache {
  get(key: string): Promise<Json | undefined>;
  /** Resolves when memory has it; the second layer gets it meanwhile. */
  set(key: string, value: Json, ttlMs: number): Promise<void>;
}

/** Makes a cache of two layers, memory and one that processes share, which several models and embeddings may use. */
export function layeredCache(options: LayeredCacheOptions = {}): LayeredCache {
  const { maxEntries, maxBytes, maxEntryBytes, secondTimeoutMs } = { ...CACHE_DEFAULTS, ...options };
  const { second, onError, clock = systemClock } = options;
  const layers = new Cacheable({
    primary: new Keyv({ store: new BoundedStore({ maxEntries, maxBytes }), namespace: 'verbatim' }),
    ...(second !== undefined && { secondary: new Keyv({ store: second, namespace: 'verbatim' }) }),
    nonBlocking: true,
  });
  layers.on('error', (cause: unknown) => onError?.(cause));

  return {
    async get(key) {
      const found = layers.get<string>(key);
      const text = second === undefined ? await found : await inTime(found, clock, secondTimeoutMs);
      return keptValue(text, clock.now());
    },
    async set(key, value, ttlMs) {
      const text = JSON.stringify({ expiresAt: clock.now() + ttlMs, value } satisfies Kept);
      if (Buffer.byteLength(text) <= maxEntryBytes) await layers.set(key, text, ttlMs);
    },
  };
}

/** The layers measure by the system's clock; `expiresAt` is by ours. */
interface Kept {
  readonly expiresAt: number;
  readonly value: Json;
}

/** A second layer may hold anything. */
function keptValue(text: unknown, now: number): Json | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const kept: Partial<Kept> | null = JSON.parse(text);
    return typeof kept?.expiresAt === 'number' && now < kept.expiresAt ? kept.value : undefined;
  } catch {
    return undefined; // Not ours, so it holds nothing.
  }
}

function inTime<T>(found: Promise<T>, clock: Clock, timeoutMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(timeoutMs, () => resolve(undefined));
    found.then(resolve, reject).finally(stop);
  });
}
