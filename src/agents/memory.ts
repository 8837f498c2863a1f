import type { Json } from '../protocol/json.ts';

/** A small durable store of values by key. Writes are committed when their promise resolves. */
export interface MemoryScope {
  get(key: string): Promise<Json | undefined>;
  /** Throws `BAD_INPUT` for a value that is too large, or when there are too many. */
  set(key: string, value: Json): Promise<void>;
  delete(key: string): Promise<void>;
  /** By key. */
  list(options?: { readonly prefix?: string; readonly limit?: number }): Promise<readonly { readonly key: string; readonly value: Json }[]>;
}

/** What tools keep from run to run. */
export interface Memory {
  /** For whoever sent the message, in all threads. */
  readonly principal: MemoryScope;
  /** For this thread: it goes when the thread is deleted. */
  readonly thread: MemoryScope;
}

const none: MemoryScope = { get: async () => undefined, set: async () => {}, delete: async () => {}, list: async () => [] };

/** Until the store of memories is there. */
export const noMemory: Memory = { principal: none, thread: none };
