import type { MemoryEntry, Page } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { MemoryHolder } from './memories.ts';
import type { MemoryPage, MemoryStore } from './memoryStore.ts';
import { ownThread } from './operations/access.ts';
import { once } from './operations/command.ts';
import { decodeTextToken, encodeTextToken } from './pageToken.ts';
import type { Queries } from './queries.ts';
import type { SqliteParts } from './sqliteLog.ts';

export function sqliteMemoryStore({ queries, commit }: SqliteParts): MemoryStore {
  function list(holder: MemoryHolder, { prefix, limit, maxBytes, pageToken }: MemoryPage): Page<MemoryEntry> {
    const after = pageToken === undefined ? undefined : decodeTextToken(pageToken);
    const { rows, more } = queries.memories.page(holder, { prefix, after, limit, maxBytes });
    const last = rows.at(-1);
    return { items: rows, ...(more && last !== undefined && { nextPageToken: encodeTextToken(last.key) }) };
  }
  return {
    async get(holder, key) {
      return queries.memories.get(holder, key);
    },
    set: (holder, entry, { maxEntries }) =>
      commit.run((tx) => {
        // A tool may outlive its thread: nothing would ever remove what it keeps.
        if (holder.scope === 'thread' && tx.queries.threads.byId(holder.id) === undefined) {
          throw new VerbatimError('NOT_FOUND', 'The thread was deleted: nothing can be kept for it.');
        }
        if (!tx.queries.memories.has(holder, entry.key) && tx.queries.memories.count(holder) >= maxEntries) {
          const message = `The memory of this ${holder.scope} has ${maxEntries} entries, which is all it holds. Delete some first.`;
          throw new VerbatimError('BAD_INPUT', message, { details: { limit: 'maxMemoryEntries', max: maxEntries } });
        }
        tx.queries.memories.put(holder, { ...entry, updatedAt: tx.now });
      }),
    delete: (holder, key) => commit.run((tx) => void tx.queries.memories.remove(holder, key)),
    async list(holder, page) {
      return list(holder, page);
    },
    async listOwn(principalId, threadId, page) {
      return list(ownHolder(queries, principalId, threadId), page);
    },
    forget: (command, { threadId, key }) =>
      commit.run(
        (tx) =>
          once(tx, command, () => {
            const holder = ownHolder(tx.queries, command.principalId, threadId);
            const { memories } = tx.queries;
            return { deleted: key === undefined ? memories.removeAll(holder) : memories.remove(holder, key) };
          }).answer,
      ),
  };
}

function ownHolder(queries: Queries, principalId: string, threadId: string | undefined): MemoryHolder {
  if (threadId === undefined) return { scope: 'principal', id: principalId };
  return { scope: 'thread', id: ownThread(queries, principalId, threadId).id };
}
