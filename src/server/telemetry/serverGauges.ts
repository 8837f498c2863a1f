import { Counter, Gauge, type Registry } from 'prom-client';
import { fileBytes } from './fileBytes.ts';
import type { LoopLag } from './loopLag.ts';

/** What a server holds now. */
export interface Held {
  readonly connections: number;
  readonly streams: number;
  readonly watches: number;
  readonly slowReaders: number;
  readonly bufferedBytes: number;
  readonly activeRuns: number;
  readonly heldLogs: number;
}

export interface GaugeOptions {
  readonly registry: Registry;
  readonly held: () => Held;
  readonly queue: () => Promise<{ readonly waiting: number; readonly oldestAt: number | undefined }>;
  readonly now: () => number;
  readonly loopLag: LoopLag;
  /** Undefined for a database in memory. */
  readonly file: string | undefined;
  readonly isReady: () => boolean;
}

/** What is looked at when it is asked for, and costs nothing otherwise. */
export function serverGauges({ registry, held, queue, now, loopLag, file, isReady }: GaugeOptions): void {
  const gauge = (name: string, help: string, collect: (gauge: Gauge) => void | Promise<void>): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        await collect(this);
      },
    });
  };
  gauge('verbatim_streams', 'SSE streams that are open.', (to) => to.set(held().streams));
  gauge('verbatim_connections', 'WebSockets that are open.', (to) => to.set(held().connections));
  gauge('verbatim_subscriptions', 'Watches that are open.', (to) => to.set(held().watches));
  gauge('verbatim_slow_readers', 'Sockets and streams that hold as much as they may.', (to) => to.set(held().slowReaders));
  gauge('verbatim_buffered_bytes', 'Held for readers that have not taken it yet.', (to) => to.set(held().bufferedBytes));
  gauge('verbatim_active_runs', 'Runs that are worked on.', (to) => to.set(held().activeRuns));
  gauge('verbatim_held_logs', 'Threads in memory.', (to) => to.set(held().heldLogs));
  gauge('verbatim_queued_runs', 'Runs that wait for room or for their thread.', async (to) => to.set((await queue()).waiting));
  gauge('verbatim_queue_age_seconds', 'Age of the oldest of them.', async (to) => {
    const { oldestAt } = await queue();
    to.set(oldestAt === undefined ? 0 : Math.max(0, now() - oldestAt) / 1_000);
  });
  gauge('verbatim_database_bytes', 'The database file.', async (to) => to.set(await fileBytes(file)));
  gauge('verbatim_wal_bytes', 'Its write-ahead log.', async (to) =>
    to.set(await fileBytes(file === undefined ? undefined : `${file}-wal`)),
  );
  gauge('verbatim_ready', '1 when the last look found the server ready.', (to) => to.set(isReady() ? 1 : 0));
  gauge('verbatim_event_loop_lag_seconds', 'The longest that the event loop stood still since the last scrape.', (to) =>
    to.set(loopLag.take() / 1_000),
  );
  gauge('process_resident_memory_bytes', 'Memory of the process.', (to) => to.set(process.memoryUsage.rss()));
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', (to) => to.set(process.memoryUsage().heapUsed));
  gauge('process_start_time_seconds', 'When the process began.', (to) => to.set(Math.round(Date.now() / 1_000 - process.uptime())));
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
