import type { RunStatus } from '../../protocol/procedures.ts';
import { withProgress } from '../progress.ts';
import { shortTime, textTable } from '../textTable.ts';
import { readPages, type ServerFlags, withServer } from '../withServer.ts';
import { note, write, writeJson } from '../writeOut.ts';
import { costOf, paintStatus, tokensOf, tookOf } from './runStatus.ts';

export interface ListRunsFlags extends ServerFlags {
  readonly thread?: string;
  readonly status?: RunStatus;
  readonly limit: number;
}

export async function listRuns(flags: ListRunsFlags): Promise<void> {
  const { thread: threadId, status, limit } = flags;
  const { rows, hasMore } = await withProgress('Reading runs', () =>
    withServer(flags, (client) =>
      readPages(limit, (page) =>
        client.trpc.runs.list.query({ ...page, ...(threadId !== undefined && { threadId }), ...(status !== undefined && { status }) }),
      ),
    ),
  );
  if (flags.json) return writeJson(rows);
  if (rows.length === 0) return note('There are no such runs.');
  const heads = [
    'ID',
    { head: 'STATUS', paint: paintStatus },
    { head: 'AGENT', isFlexible: true },
    { head: 'TOOK', align: 'right' },
    'CREATED',
    { head: 'TOKENS', align: 'right' },
    { head: 'COST', align: 'right' },
    'THREAD',
  ] as const;
  const cells = rows.map((run) => [
    run.id,
    run.status,
    // A child run is one of the same list.
    run.parentRunId === undefined ? run.agent : `└ ${run.agent}`,
    tookOf(run),
    shortTime(run.createdAt),
    tokensOf(run.usage),
    costOf(run.usage),
    run.threadId,
  ]);
  await write(textTable(heads, cells, { width: process.stdout.columns }));
  if (hasMore) note(`These are the newest ${rows.length}. For more: --limit ${rows.length * 5}`);
}
