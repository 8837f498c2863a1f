/** What the worker is started with, as its `workerData`. */
export interface CheckpointWorkerData {
  readonly module: string;
  readonly file: string;
  readonly thresholdPages: number;
  readonly idleMs: number;
}

/**
 * The code of the thread that moves the write-ahead log into the database file. Text, since a worker can load TypeScript neither from
 * `src` under Node 20 nor from `dist`. It posts `ready` once its connection works, and ends when it is sent `close`. Sent
 * `truncate`, it cuts the log to nothing as soon as it can.
 *
 * PASSIVE waits for nobody, but a writer that never pauses keeps the log from starting over; so past sixteen thresholds RESTART makes it wait
 * some milliseconds. The connection's own wait is short, since RESTART holds the writer up while it waits for readers.
 */
export const CHECKPOINT_WORKER = `'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const Database = require(workerData.module);
const { file, thresholdPages, idleMs } = workerData;
const FAST_MS = 20, SLOW_MS = Math.max(FAST_MS, Math.min(1000, idleMs)), LONGEST_WAIT_MS = 2000;

const db = new Database(file, { fileMustExist: true, timeout: 20 });
db.pragma('synchronous = NORMAL');
db.pragma('wal_autocheckpoint = 0');
const sql = (mode) => db.prepare('PRAGMA wal_checkpoint(' + mode + ')');
const look = sql('NOOP'), passive = sql('PASSIVE'), restart = sql('RESTART'), truncate = sql('TRUNCATE');

let seen = '', changedAt = Date.now(), truncated = false, wanted = false, restarted = false, waitMs = FAST_MS, waitUntil = 0;

// A busy writer is gone in a moment, a reader may stay for hours: ask ever more seldom.
function wait() {
  waitUntil = Date.now() + waitMs;
  waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
}

function run(statement) {
  const { busy } = statement.get();
  if (busy) wait(); else waitMs = FAST_MS;
  return !busy;
}

function state() {
  const { log, checkpointed } = look.get();
  return { log, pending: log - checkpointed, text: log + '/' + checkpointed };
}

function tick() {
  const now = Date.now();
  const before = state();
  const changed = before.text !== seen;
  if (changed) { changedAt = now; truncated = false; }
  try {
    if (before.pending >= thresholdPages) passive.get();
    if (now >= waitUntil) {
      // After a restart the log keeps its length until the next commit.
      if (wanted) wanted = !run(truncate);
      else if (before.log >= 16 * thresholdPages && !(restarted && !changed)) restarted = run(restart);
      else if (!truncated && now - changedAt >= idleMs) truncated = run(truncate);
    }
  } catch {
    // A full or failing disk: commits report it to those who can act. The log is whole, only longer; try again later.
    wait();
  }
  seen = state().text;
  timer = setTimeout(tick, now - changedAt < 1000 ? FAST_MS : SLOW_MS);
}

let timer = setTimeout(tick, FAST_MS);
parentPort.on('message', (message) => {
  if (message === 'truncate') { wanted = true; return; }
  clearTimeout(timer); db.close(); parentPort.close();
});
parentPort.postMessage('ready');
`;
