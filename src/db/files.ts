import { and, desc, eq, gt, inArray, isNotNull, isNull, lt, ne, sql } from 'drizzle-orm';
import { fileChunks, files } from './agentTables.ts';
import type { Drizzle } from './drizzle.ts';
import { messages, threads, toolCalls } from './schema.ts';
import { type ShareReader, sharedThreads } from './shares.ts';

export type FileRow = typeof files.$inferSelect;

/** What a file counts at least towards its owner's bytes, or a million empty ones would count nothing. */
const MIN_COUNTED_BYTES = 4 * 1024;

/**
 * A file is *open* while its bytes come (`sha256` is empty), *sealed* when they are all there, and *complete* once somebody may see it. What
 * is deleted is open again, until its chunks are gone.
 */
export function prepareFiles(db: Drizzle) {
  const $ = sql.placeholder;
  const byId = db
    .select()
    .from(files)
    .where(eq(files.id, $('id')))
    .prepare();
  const chunk = db
    .select({ bytes: fileChunks.bytes })
    .from(fileChunks)
    .where(and(eq(fileChunks.file, $('file')), eq(fileChunks.number, $('number'))))
    .prepare();
  const set = (key: number, change: Partial<typeof files.$inferInsert>): number =>
    db.update(files).set(change).where(eq(files.key, key)).run().changes;

  /** The oldest fork, made after a thread, that refers to each of the files that forks of this owner refer to. */
  function forksByFile(owner: string, thread: number): ReadonlyMap<string, number> {
    const rows = db
      .select({ id: sql<string>`json_extract(${toolCalls.file}, '$.id')`, thread: threads.key })
      .from(threads)
      .innerJoin(toolCalls, eq(toolCalls.thread, threads.key))
      // A forked call has no run, and a forked thread has a floor: neither takes reading whole rows.
      .where(and(eq(threads.owner, owner), gt(threads.key, thread), gt(threads.floor, 0), isNull(toolCalls.run), isNotNull(toolCalls.file)))
      .orderBy(desc(threads.key))
      .all();
    return new Map(rows.map((row) => [row.id, row.thread]));
  }

  /** Threads that may concern both: of one of them, or shared with one of them. */
  function threadsOf(owner: string, reader: ShareReader) {
    const own = db
      .select({ thread: threads.key })
      .from(threads)
      .where(inArray(threads.owner, [owner, reader.owner]));
    return own.union(sharedThreads(db, reader, [owner]));
  }

  return {
    insert: (row: Omit<FileRow, 'key' | 'size' | 'sha256' | 'complete'>): number =>
      db
        .insert(files)
        .values({ ...row, size: 0, sha256: '', complete: false })
        .returning({ key: files.key })
        .get().key,
    byId: (id: string): FileRow | undefined => byId.get({ id }),
    /** Keys of threads in which something refers to the file, of those that the reader has to do with. Whether it may read them is another question. */
    usedIn({ id, owner }: Pick<FileRow, 'id' | 'owner'>, reader: ShareReader): number[] {
      const among = threadsOf(owner, reader);
      const attached = db
        .selectDistinct({ thread: messages.thread })
        .from(messages)
        .where(
          and(
            inArray(messages.thread, among),
            isNotNull(messages.attachments),
            // A name can hold any text: only the id of a reference counts.
            sql`exists (select 1 from json_each(${messages.attachments}) as attached where json_extract(attached.value, '$.id') = ${id})`,
          ),
        )
        .all();
      const made = db
        .selectDistinct({ thread: toolCalls.thread })
        .from(toolCalls)
        .where(and(inArray(toolCalls.thread, among), isNotNull(toolCalls.file), sql`json_extract(${toolCalls.file}, '$.id') = ${id}`))
        .all();
      return [...attached, ...made].map((row) => row.thread);
    },
    /** Newest first. */
    list: (owner: string, page: { readonly limit: number; readonly beforeKey: number | undefined }): FileRow[] =>
      db
        .select()
        .from(files)
        .where(
          and(eq(files.owner, owner), eq(files.complete, true), page.beforeKey === undefined ? undefined : lt(files.key, page.beforeKey)),
        )
        .orderBy(desc(files.key))
        .limit(page.limit)
        .all(),
    /** Complete ones that go with a thread, oldest first. */
    ofThread: (thread: number): FileRow[] =>
      db
        .select()
        .from(files)
        .where(and(eq(files.thread, thread), eq(files.complete, true)))
        .orderBy(files.key)
        .all(),
    addChunk: (file: number, number: number, bytes: Buffer): void => void db.insert(fileChunks).values({ file, number, bytes }).run(),
    chunk: (file: number, number: number): Buffer | undefined => chunk.get({ file, number })?.bytes,
    seal: (key: number, sealed: { readonly size: number; readonly sha256: string }): number => set(key, sealed),
    /** False when it is not sealed. */
    complete: (id: string): boolean =>
      db
        .update(files)
        .set({ complete: true })
        .where(and(eq(files.id, id), ne(files.sha256, '')))
        .run().changes > 0,
    /** What an owner's sealed files count. */
    countedBytes: (owner: string): number =>
      db
        .select({ bytes: sql<number>`coalesce(sum(max(${files.size}, ${MIN_COUNTED_BYTES})), 0)` })
        .from(files)
        .where(and(eq(files.owner, owner), ne(files.sha256, '')))
        .get()?.bytes ?? 0,
    counted: (size: number): number => Math.max(size, MIN_COUNTED_BYTES),
    /** Nobody sees it any more, and it counts nothing. Its bytes are still to be removed. */
    reopen: (key: number): void => void set(key, { complete: false, sha256: '', thread: null }),
    /**
     * Takes the files of a thread that goes away from it: those that a fork refers to are the fork's from now on, of the others the keys are
     * returned, with their bytes still to be removed.
     */
    leaveThread(thread: number, owner: string): readonly number[] {
      const rows = db.select().from(files).where(eq(files.thread, thread)).all();
      if (rows.length === 0) return [];
      const forks = forksByFile(owner, thread);
      return rows.flatMap((row) => {
        const fork = row.complete ? forks.get(row.id) : undefined;
        if (fork === undefined) set(row.key, { complete: false, sha256: '', thread: null });
        else set(row.key, { thread: fork });
        return fork === undefined ? [row.key] : [];
      });
    },
    incomplete: (): { readonly key: number; readonly id: string }[] =>
      db.select({ key: files.key, id: files.id }).from(files).where(eq(files.complete, false)).all(),
    /** Removes one chunk of an incomplete file, or the file when it has none left. True when it is gone. */
    removePart(key: number): boolean {
      const { changes } = db
        .delete(fileChunks)
        .where(and(eq(fileChunks.file, key), sql`${fileChunks.number} = (select max(number) from file_chunks where file = ${key})`))
        .run();
      if (changes > 0) return false;
      db.delete(files)
        .where(and(eq(files.key, key), eq(files.complete, false)))
        .run();
      return true;
    },
  };
}
