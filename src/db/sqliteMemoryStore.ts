import { ownerOf, type Principal } from '../protocol/principal.ts';
import type { MemoryEntry, Page } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { MemoryHolder } from './memories.ts';
import type { MemoryPage, MemoryStore } from './memoryStore.ts';
import { type Authority, openThread, type ThreadAction } from './operations/access.ts';
import { once } from './operations/command.ts';
import { decodeTextToken, encodeTextToken } from './pageToken.ts';
import type { SqliteParts } from './sqliteLog.ts';

export function sqliteMemoryStore(parts: SqliteParts): MemoryStore {
  const { queries, commit } = parts;
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
    async listOwn(principal, threadId, page) {
      return list(ownHolder(parts, principal, { threadId, action: 'read' }), page);
    },
    forget: (command, { threadId, key }) =>
      commit.run(
        (tx) =>
          once(tx, command, () => {
            const holder = ownHolder(tx, command.principal, { threadId, action: 'manage' });
            const { memories } = tx.queries;
            return { deleted: key === undefined ? memories.removeAll(holder) : memories.remove(holder, key) };
          }).answer,
      ),
  };
}

function ownHolder(
  authority: Authority,
  principal: Principal,
  { threadId, action }: { readonly threadId: string | undefined; readonly action: ThreadAction },
): MemoryHolder {
  if (threadId === undefined) return { scope: 'principal', id: ownerOf(principal) };
  return { scope: 'thread', id: openThread(authority, principal, threadId, action).id };
}
