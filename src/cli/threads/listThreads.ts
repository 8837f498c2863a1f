import { withProgress } from '../progress.ts';
import { shortTime, textTable } from '../textTable.ts';
import { readPages, type ServerFlags, withServer } from '../withServer.ts';
import { note, write, writeJson } from '../writeOut.ts';

export interface ListThreadsFlags extends ServerFlags {
  readonly search?: string;
  readonly active?: boolean;
  readonly shared?: boolean;
  readonly all?: boolean;
  readonly limit: number;
}

export async function listThreads(flags: ListThreadsFlags): Promise<void> {
  const { search, active, shared, all, limit } = flags;
  const { rows, hasMore, ownId } = await withProgress('Reading threads', () =>
    withServer(flags, async (client) => {
      const read = await readPages(limit, (page) => client.threads.list({ ...page, search, active, shared, all, sort: 'activity' }));
      // The server names the owner of others' threads alone; a program looks for one in all of them.
      const isAsked = flags.json === true && read.rows.some(({ ownerId }) => ownerId === undefined);
      return { ...read, ownId: isAsked ? (await client.trpc.auth.whoami.query()).principal.id : undefined };
    }),
  );
  if (flags.json) return writeJson(rows.map((row) => ({ ...row, ownerId: row.ownerId ?? ownId })));
  if (rows.length === 0) return note('There are no such threads.');
  const heads = ['ID', { head: 'TITLE', isFlexible: true }, 'UPDATED', { head: 'EVENTS', align: 'right' }, 'STATE', 'OWNER'] as const;
  const cells = rows.map((thread) => [
    thread.id,
    thread.title ?? thread.preview ?? '-',
    shortTime(thread.updatedAt),
    thread.head.toLocaleString('en-US'),
    thread.activeRunId === undefined ? 'idle' : 'at work',
    thread.ownerId ?? 'you',
  ]);
  await write(textTable(heads, cells, { width: process.stdout.columns }));
  if (hasMore) note(`These are the first ${rows.length}. For more: --limit ${rows.length * 5}`);
}
