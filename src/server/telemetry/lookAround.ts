import type { Store } from '../../db/sqliteStore.ts';
import { fileBytes } from './fileBytes.ts';
import type { Look } from './metricWindow.ts';
import type { Held } from './serverGauges.ts';

export interface LookOptions {
  readonly store: Pick<Store, 'runs' | 'upkeep'>;
  readonly held: () => Held;
  readonly now: () => number;
  /** Undefined for a database in memory. */
  readonly file: string | undefined;
}

/** What a server holds now. It takes half a millisecond; with 10,000 open runs, 3 of them. */
export async function lookAround({ store, held, now, file }: LookOptions): Promise<Look> {
  const { connections, streams, watches, slowReaders, bufferedBytes } = held();
  const { queued, running, waiting, oldestQueuedAt } = await store.runs.openCounts();
  const size = file === undefined ? { fileBytes: 0, usedBytes: 0 } : store.upkeep.size();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    sockets: connections,
    streams,
    subscriptions: watches,
    slowReaders,
    bufferedBytes,
    queuedRuns: queued,
    runningRuns: running,
    waitingRuns: waiting,
    queueAgeMs: oldestQueuedAt === undefined ? 0 : Math.max(0, now() - oldestQueuedAt),
    databaseBytes: size.fileBytes,
    usedBytes: size.usedBytes,
    walBytes: await fileBytes(file === undefined ? undefined : `${file}-wal`),
    rssBytes: rss,
    heapBytes: heapUsed,
  };
}
