import type { MemoryHolder } from '../db/memories.ts';
import type { MemoryStore } from '../db/memoryStore.ts';
import { MAX_MEMORY_KEY_LENGTH } from '../protocol/inputs.ts';
import { jsonProblem } from '../protocol/json.ts';
import type { Limits } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Memory, MemoryScope } from './memory.ts';

export interface MemoryOptions {
  readonly memories: MemoryStore;
  readonly limits: Limits;
  /** Of its own entries, as `ownerOf` names the principal. */
  readonly holder: string;
  readonly threadId: string;
}

/** Deeper values are no use to anybody, and every reader would have to walk them. */
const MAX_VALUE_DEPTH = 100;

/** The memory that a run's tools, instructions and contexts get. */
export function openMemory(options: MemoryOptions): Memory {
  return new RunMemory(options);
}

/** Most runs ask for none of it. */
class RunMemory implements Memory {
  readonly #options: MemoryOptions;
  #principal: MemoryScope | undefined;
  #thread: MemoryScope | undefined;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  get principal(): MemoryScope {
    this.#principal ??= openScope({ scope: 'principal', id: this.#options.holder }, this.#options);
    return this.#principal;
  }

  get thread(): MemoryScope {
    this.#thread ??= openScope({ scope: 'thread', id: this.#options.threadId }, this.#options);
    return this.#thread;
  }
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
