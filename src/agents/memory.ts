import type { Json } from '../protocol/json.ts';

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
