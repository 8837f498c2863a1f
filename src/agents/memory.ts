import type { MemoryHolder } from '../db/memories.ts';
import type { MemoryStore } from '../db/memoryStore.ts';
import { MAX_MEMORY_KEY_LENGTH } from '../protocol/inputs.ts';
import { type Json, jsonProblem } from '../protocol/json.ts';
import type { Limits } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** A small durable store of values by key. A write is committed when its promise resolves. */
export interface MemoryScope {
  get(key: string): Promise<Json | undefined>;
  /**
   * Keeps a value, in the place of what the key had. Throws `BAD_INPUT` for a key that is empty or has more than 200 characters, for a value
   * that is too large or not JSON (`maxMemoryValueBytes`), and when there are too many (`maxMemoryEntries`).
   */
  set(key: string, value: Json): Promise<void>;
  delete(key: string): Promise<void>;
  /** Sorted by key. Without a `limit`, all of them. */
  list(options?: { readonly prefix?: string; readonly limit?: number }): Promise<readonly { readonly key: string; readonly value: Json }[]>;
}

/** What tools keep from run to run. */
export interface Memory {
  /** For whoever sent the message, in all threads. It stays when a thread is deleted. */
  readonly principal: MemoryScope;
  /** For this thread: it goes when the thread is deleted, and a fork begins with a copy. */
  readonly thread: MemoryScope;
}

export interface MemoryOptions {
  readonly memories: MemoryStore;
  readonly limits: Limits;
  readonly principalId: string;
  readonly threadId: string;
}

/** Deeper values are no use to anybody, and every reader would have to walk them. */
const MAX_VALUE_DEPTH = 100;

/** The memory that a run's tools, instructions and contexts get. */
export function openMemory(options: MemoryOptions): Memory {
  return {
    principal: openScope({ scope: 'principal', id: options.principalId }, options),
    thread: openScope({ scope: 'thread', id: options.threadId }, options),
  };
}

function openScope(holder: MemoryHolder, { memories, limits }: MemoryOptions): MemoryScope {
  const { maxMemoryEntries: maxEntries, maxMemoryValueBytes: maxBytes } = limits;
  return {
    get: async (key) => memories.get(holder, key),
    async set(key, value) {
      assertKey(key);
      const problem =
        value === undefined ? 'must be JSON: delete the key instead' : jsonProblem(value, { maxDepth: MAX_VALUE_DEPTH, maxBytes });
      if (problem !== undefined) {
        throw new VerbatimError('BAD_INPUT', `The value of the memory "${key}" ${problem}.`, {
          details: { limit: 'maxMemoryValueBytes', max: maxBytes },
        });
      }
      await memories.set(holder, { key, value }, { maxEntries });
    },
    delete: (key) => memories.delete(holder, key),
    async list({ prefix = '', limit = maxEntries } = {}) {
      const { items } = await memories.list(holder, { prefix, limit, maxBytes: Number.POSITIVE_INFINITY });
      return items.map(({ key, value }) => ({ key, value }));
    },
  };
}

function assertKey(key: string): void {
  if (typeof key === 'string' && key !== '' && key.length <= MAX_MEMORY_KEY_LENGTH && key.isWellFormed()) return;
  throw new VerbatimError('BAD_INPUT', `A key of the memory must be text of 1 to ${MAX_MEMORY_KEY_LENGTH} characters.`);
}
