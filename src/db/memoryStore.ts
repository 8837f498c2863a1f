import type { Json } from '../protocol/json.ts';
import type { Principal } from '../protocol/principal.ts';
import type { MemoryEntry, Page } from '../protocol/procedures.ts';
import type { MemoryHolder } from './memories.ts';
import type { Command } from './operations/command.ts';

export interface MemoryPage {
  /** Only keys that begin with it. */
  readonly prefix: string;
  readonly limit: number;
  /** Of values as JSON; a single larger one still comes. */
  readonly maxBytes: number;
  readonly pageToken?: string | undefined;
}

/** What tools keep for principals and threads. A write is committed when its promise resolves. */
export interface MemoryStore {
  get(holder: MemoryHolder, key: string): Promise<Json | undefined>;
  /** Refuses with `BAD_INPUT` one more than `maxEntries`, and with `NOT_FOUND` to keep anything for a thread that is gone. */
  set(holder: MemoryHolder, entry: { readonly key: string; readonly value: Json }, options: { readonly maxEntries: number }): Promise<void>;
  delete(holder: MemoryHolder, key: string): Promise<void>;
  /** By key. */
  list(holder: MemoryHolder, page: MemoryPage): Promise<Page<MemoryEntry>>;
  /** What is kept for a principal, or for a thread of its own. `NOT_FOUND` for another's thread. */
  listOwn(principal: Principal, threadId: string | undefined, page: MemoryPage): Promise<Page<MemoryEntry>>;
  /** Removes one of its entries, or all of them when no key is given; says how many there were. */
  forget(
    command: Command,
    what: { readonly threadId: string | undefined; readonly key: string | undefined },
  ): Promise<{ readonly deleted: number }>;
}
