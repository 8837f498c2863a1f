import { ownerOf, type Principal } from '../protocol/principal.ts';
import type { ThreadListInput } from '../protocol/procedures.ts';
import { boundedPage, jsonBytes } from './boundedPage.ts';
import type { FileRemoval } from './fileRemoval.ts';
import { orderOf } from './messages.ts';
import { type Authority, assertMayList, mayWith, openThread } from './operations/access.ts';
import { asModelsSee } from './operations/asModelsSee.ts';
import { once } from './operations/command.ts';
import { createThread, getThread } from './operations/createThread.ts';
import { deleteThread } from './operations/deleteThread.ts';
import { forkThread } from './operations/forkThread.ts';
import { messagesOf, standingOf, threadInfo } from './operations/views.ts';
import { decodePageToken, encodePageToken } from './pageToken.ts';
import type { SqliteParts } from './sqliteLog.ts';
import type { ThreadStore } from './threadStore.ts';
import type { ThreadFilter, ThreadRow } from './threads.ts';

/** Messages that a title is made of: the first answer may come after several that called tools. */
const BEGINNING = 20;

export function sqliteThreadStore(parts: SqliteParts, removal: FileRemoval): ThreadStore {
  const { queries, commit, epoch } = parts;
  return {
    create: (input) => commit.run((tx) => createThread(tx, { epoch, ...input })),
    async get(principal, threadId) {
      const thread = openThread(parts, principal, threadId, 'read');
      return { ...threadInfo(queries, thread, epoch), ...standingOf(parts, principal, thread) };
    },
    async keyOf(principal, threadId) {
      return openThread(parts, principal, threadId, 'read').key;
    },
    async keyById(threadId) {
      return queries.threads.byId(threadId)?.key;
    },
    async idOf(key) {
      return queries.threads.byKey(key)?.id ?? '';
    },
    async list(principal, filter) {
      const { limit, pageToken, sort = 'activity', order = 'desc' } = filter;
      const [at, key] = pageToken === undefined ? [] : decodePageToken(pageToken, 2);
      const of = listedThreads(parts, principal, filter);
      const { search, active, createdAfter, createdBefore } = filter;
      const atOf = (row: ThreadRow): number => (sort === 'activity' ? row.updatedAt : row.createdAt);
      const first = at === undefined || key === undefined ? undefined : { at, key };
      const { rows, more } = boundedPage<ThreadRow>({
        limit,
        maxBytes: filter.maxBytes ?? Number.POSITIVE_INFINITY,
        read: (row, rowLimit) =>
          queries.threads.list({
            of,
            limit: rowLimit,
            sort,
            order,
            search,
            active,
            createdAfter,
            createdBefore,
            after: row === undefined ? first : { at: atOf(row), key: row.key },
          }),
        sizeOf: ({ title, metadata }) => jsonBytes(title, metadata),
      });
      const last = rows.at(-1);
      return {
        items: rows
          .filter((row) => mayWith(parts, principal, row, 'read'))
          .map((row) => ({ ...threadInfo(queries, row, epoch), ...standingOf(parts, principal, row) })),
        ...(more && last !== undefined && { nextPageToken: encodePageToken([atOf(last), last.key]) }),
      };
    },
    update: (command, threadId, { title, metadata }) =>
      commit.run(
        (tx) =>
          once(tx, command, () => {
            const { key } = openThread(tx, command.principal, threadId, 'manage');
            const change = { ...(title !== undefined && { title }), ...(metadata !== undefined && { metadata }) };
            tx.queries.threads.update(key, change, tx.now);
            return getThread(tx, key, epoch);
          }).answer,
      ),
    async delete(command, threadId) {
      const deleted = await commit.run((tx) => deleteThread(tx, command, threadId));
      void removal.remove(deleted.files);
      return deleted;
    },
    fork: (input) => commit.run((tx) => forkThread(tx, { epoch, ...input })),
    async messages(principal, threadId, { limit, pageToken, maxBytes }) {
      const { key } = openThread(parts, principal, threadId, 'read');
      const [order] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
      const newest = queries.messages.newest(key, { limit, before: order, maxBytes });
      const rows = newest.rows.toReversed();
      const first = rows[0];
      return {
        items: messagesOf(queries, rows, queries.toolCalls.ofMessages(rows.map((row) => row.key))),
        ...(newest.more && first !== undefined && { nextPageToken: encodePageToken([orderOf(first)]) }),
      };
    },
    async oldest(principal, threadId, { after, limit }) {
      const { key } = openThread(parts, principal, threadId, 'read');
      const rows = queries.messages.oldest(key, { after, limit });
      const last = rows.at(-1);
      const items = messagesOf(queries, rows, queries.toolCalls.ofMessages(rows.map((row) => row.key)));
      return { items, ...(rows.length === limit && last !== undefined && { next: orderOf(last) }) };
    },
    async files(principal, threadId) {
      const { key, id } = openThread(parts, principal, threadId, 'read');
      return queries.files.ofThread(key).map(({ id: fileId, type, size, name, createdAt }) => ({
        id: fileId,
        type,
        size,
        ...(name !== null && { name }),
        threadId: id,
        createdAt,
      }));
    },
    async untitled(key) {
      if (queries.threads.byKey(key)?.title !== null) return undefined;
      // As models see them: a guard may have masked what is in them.
      const rows = queries.messages.first(key, BEGINNING).map((row) => asModelsSee(row, Number.MAX_SAFE_INTEGER));
      return messagesOf(queries, rows, []);
    },
    setTitle: (key, title) => commit.run((tx) => tx.queries.threads.setTitle(key, title)),
  };
}

function listedThreads(authority: Authority, principal: Principal, { shared, all }: ThreadListInput): ThreadFilter['of'] {
  if (all === true) {
    assertMayList(authority, principal);
    return { tenant: principal.tenant };
  }
  const owner = ownerOf(principal);
  return shared === true ? { sharedWith: { owner, share: principal.share, now: authority.now } } : { owner };
}
