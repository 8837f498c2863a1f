import { Worker } from 'node:worker_threads';
import type { Clock } from '../protocol/clock.ts';
import { CHECKPOINT_WORKER, type CheckpointWorkerData } from './checkpointWorker.ts';
import { loadSqlite, type Sqlite } from './sqlite.ts';

export interface CheckpointOptions {
  readonly raw: Sqlite;
  readonly clock: Clock;
  /** Pages in the write-ahead log at which they are moved into the file. */
  readonly thresholdPages?: number | undefined;
  /** The log is cut to nothing when no commit came for this long. */
  readonly idleMs?: number | undefined;
}

export interface Checkpoints {
  /** Cuts the log to nothing soon, also while commits go on: it holds what was erased. */
  truncate(): void;
  /** Resolves when the thread is gone and its connection closed. */
  close(): Promise<void>;
}

/** SQLite's own default. */
const AUTOCHECKPOINT_PAGES = 1_000;
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 60_000;

/**
 * Keeps the write-ahead log of a file short from a thread of its own, so that no commit pays for it. Does not keep the process alive. When
 * the thread dies, commits pay again (SQLite's autocheckpoint) until a new one works, which is tried ever more seldom.
 */
export function startCheckpoints({ raw, clock, thresholdPages = 1_000, idleMs = 2_000 }: CheckpointOptions): Checkpoints {
  const data: CheckpointWorkerData = { module: loadSqlite().path, file: raw.name, thresholdPages, idleMs };
  let worker: Worker | undefined;
  let restartMs = FIRST_RESTART_MS;
  let takeBack: (() => void) | undefined;
  let closed = false;

  function start(): void {
    const mine = new Worker(CHECKPOINT_WORKER, { eval: true, workerData: data, execArgv: [], name: 'verbatim-checkpoints' });
    worker = mine;
    mine.unref();
    mine.once('message', () => {
      restartMs = FIRST_RESTART_MS;
      if (raw.open) raw.pragma('wal_autocheckpoint = 0');
    });
    // Without a listener the error would end the process. `exit` follows it.
    mine.once('error', () => {});
    mine.once('exit', () => {
      worker = undefined;
      if (closed) return;
      if (raw.open) raw.pragma(`wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
      takeBack = clock.after(restartMs, start);
      restartMs = Math.min(2 * restartMs, LAST_RESTART_MS);
    });
  }

  raw.pragma('wal_autocheckpoint = 0');
  start();

  return {
    truncate: () => worker?.postMessage('truncate'),
    async close() {
      closed = true;
      takeBack?.();
      const ending = worker;
      if (ending === undefined) return;
      const exited = new Promise((resolve) => ending.once('exit', resolve));
      ending.ref();
      ending.postMessage('close');
      await exited;
    },
  };
}
