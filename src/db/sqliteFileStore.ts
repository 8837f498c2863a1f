import { ownerOf } from '../protocol/principal.ts';
import type { FileRemoval } from './fileRemoval.ts';
import type { FileStore, StoredFile } from './fileStore.ts';
import type { FileRow } from './files.ts';
import { CHUNK_BYTES, ChunkWriter } from './fileWriter.ts';
import { newId } from './ids.ts';
import { findFile, noSuchFile, ownFile } from './operations/access.ts';
import { appendAudit } from './operations/appendAudit.ts';
import { once } from './operations/command.ts';
import { beginFile } from './operations/keepFile.ts';
import { decodePageToken, encodePageToken } from './pageToken.ts';
import type { Queries } from './queries.ts';
import type { SqliteParts } from './sqliteLog.ts';

/** Files as rows of chunks. `removal` is shared with whoever else takes files away. */
export function sqliteFileStore(parts: SqliteParts, removal: FileRemoval): FileStore {
  const { queries, commit } = parts;
  const found = (file: FileRow | undefined): StoredFile => {
    if (file?.complete !== true) throw noSuchFile();
    return storedFile(queries, file);
  };
  return {
    async begin(file) {
      const id = newId('file');
      // Held before it is there: leftovers may be looked for at any time.
      removal.hold(id);
      try {
        const { key } = await commit.run((tx) => beginFile(tx, id, file));
        return new ChunkWriter({ commit, removal, id, key, file });
      } catch (cause) {
        removal.release(id);
        throw cause;
      }
    },
    async get(principal, fileId) {
      return found(findFile(parts, principal, fileId));
    },
    async referred(fileId) {
      return found(queries.files.byId(fileId));
    },
    async *read({ id, size }, { from, to } = { from: 0, to: size }) {
      const key = queries.files.byId(id)?.key ?? 0;
      for (let number = Math.floor(from / CHUNK_BYTES); number * CHUNK_BYTES < to; number++) {
        const start = number * CHUNK_BYTES;
        const bytes = queries.files.chunk(key, number);
        if (bytes === undefined) throw noSuchFile();
        yield bytes.subarray(Math.max(0, from - start), to - start);
      }
    },
    async list(principal, { limit, pageToken }) {
      const [beforeKey] = pageToken === undefined ? [] : decodePageToken(pageToken, 1);
      const rows = queries.files.list(ownerOf(principal), { limit: limit + 1, beforeKey });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((row) => {
          const { sha256: _, ...info } = storedFile(queries, row);
          return info;
        }),
        ...(rows.length > limit && last !== undefined && { nextPageToken: encodePageToken([last.key]) }),
      };
    },
    async delete(command, fileId) {
      let key: number | undefined;
      const { answer } = await commit.run((tx) =>
        once(tx, command, () => {
          key = ownFile(tx.queries, command.principal, fileId).key;
          tx.queries.files.reopen(key);
          const [actor, { origin }] = [ownerOf(command.principal), command];
          appendAudit(tx, { actor, action: 'files.delete', target: fileId, outcome: 'ok', origin });
          return { fileId };
        }),
      );
      if (key !== undefined) removal.remove([key]);
      return answer;
    },
    settle: (fileId) => void removal.settle(fileId),
    removeLeftovers: () => removal.removeLeftovers(),
  };
}

function storedFile(queries: Queries, { id, type, size, name, thread, createdAt, sha256 }: FileRow): StoredFile {
  const threadId = thread === null ? undefined : queries.threads.byKey(thread)?.id;
  return { id, type, size, ...(name !== null && { name }), ...(threadId !== undefined && { threadId }), createdAt, sha256 };
}
