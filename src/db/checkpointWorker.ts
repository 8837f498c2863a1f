/** What the worker is started with, as its `workerData`. */
export interface CheckpointWorkerData {
  readonly module: string;
  readonly file: string;
  readonly thresholdPages: number;
  readonly idleMs: number;
}

/**
 * The code of the thread that moves the write-ahead log into the database file. Text, since a worker can load TypeScript neither from
 * `src` under Node 20 nor from `dist`. It posts `ready` once its connection works, and ends when it is sent anything.
 *
 * PASSIVE waits for nobody, but a writer that never pauses keeps the log from starting over; so past four thresholds RESTART makes it wait
 * some milliseconds. The connection's own wait is short, since RESTART holds the writer up while it waits for readers.
 */
export const CHECKPOINT_WORKER = `'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const Database = require(workerData.module);
const { file, thresholdPages, idleMs } = workerData;
const FAST_MS = 20, SLOW_MS = Math.max(FAST_MS, Math.min(1000, idleMs)), BACKOFF_MS = 2000;

const db = new Database(file, { fileMustExist: true, timeout: 20 });
db.pragma('synchronous = NORMAL');
db.pragma('wal_autocheckpoint = 0');
const sql = (mode) => db.prepare('PRAGMA wal_checkpoint(' + mode + ')');
const look = sql('NOOP'), passive = sql('PASSIVE'), restart = sql('RESTART'), truncate = sql('TRUNCATE');

let seen = '', changedAt = Date.now(), truncated = false, stuckUntil = 0;

function tick() {
  const now = Date.now();
  let { log, checkpointed } = look.get();
  const state = log + '/' + checkpointed;
  if (state !== seen) { changedAt = now; truncated = false; }
  try {
    if (log - checkpointed >= thresholdPages) ({ log, checkpointed } = passive.get());
    if (log >= 4 * thresholdPages && now >= stuckUntil && restart.get().busy) stuckUntil = now + BACKOFF_MS;
    if (!truncated && now - changedAt >= idleMs && now >= stuckUntil) {
      if (truncate.get().busy) stuckUntil = now + BACKOFF_MS; else truncated = true;
    }
  } catch {
    // A full or failing disk: commits report it to those who can act. The log is whole, only longer; try again later.
    stuckUntil = now + BACKOFF_MS;
  }
  const after = look.get();
  seen = after.log + '/' + after.checkpointed;
  timer = setTimeout(tick, now < stuckUntil ? SLOW_MS : now - changedAt < 1000 ? FAST_MS : SLOW_MS);
}

let timer = setTimeout(tick, FAST_MS);
parentPort.once('message', () => { clearTimeout(timer); db.close(); parentPort.close(); });
parentPort.postMessage('ready');
`;
