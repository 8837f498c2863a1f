import { randomInt } from 'node:crypto';
import type { Clock } from '../protocol/clock.ts';
import { isSameBoot } from './bootId.ts';
import { fileIdentity, isSameFile } from './fileIdentity.ts';
import type { FileLock, FileRecord } from './fileLock.ts';
import type { Sqlite } from './sqlite.ts';

const HIGH_WATER_INTERVAL_MS = 1_000;

export interface Epoch {
  readonly epoch: string;
  /**
   * Tells the highest id in the log after a commit. Written about once a second while it rises. A lower one (the newest events are to be
   * deleted) is written at once: call with it before that commit, or a crash between the two looks like a restored backup.
   */
  recordHighWater(id: number): void;
  /** Call it when the database is closed and synced, before the lock is freed. Without it the file counts as not closed cleanly. */
  recordClose(highest: number): void;
}

export interface EpochOptions {
  readonly raw: Sqlite;
  readonly lock: FileLock;
  readonly file: string;
  readonly bootId: string;
  readonly clock: Clock;
}

/** Eight characters of base 36. */
export function newEpoch(): string {
  return Array.from({ length: 8 }, () => randomInt(36).toString(36)).join('');
}

/**
 * Decides the epoch of a database that is open, locked and migrated. It stays the same across restarts and `kill -9`. It is new when the
 * file may hold another past than the one readers saw: no record of it beside it, a copy in its place, fewer events than were known, or
 * a machine that went down before the file was closed (under `synchronous = NORMAL` that can take back the last commits).
 */
export function openEpoch({ raw, lock, file, bootId, clock }: EpochOptions): Epoch {
  const stored = readEpoch(raw);
  const highest = highestEventId(raw);
  const record = lock.read();
  const epoch = stored !== undefined && record !== undefined && isUnchanged(record) ? stored : newEpoch();
  if (epoch !== stored) writeEpoch(raw, epoch);

  function isUnchanged(last: FileRecord): boolean {
    return (
      last.epoch === stored &&
      // After a clean close nothing is unknown: a file with more events is not the one that was closed, either.
      (last.clean ? last.highWater === highest : last.highWater <= highest) &&
      isSameFile(last.identity, fileIdentity(file)) &&
      (last.clean || isSameBoot(last.bootId, bootId))
    );
  }

  // On the disk before the first commit: else a power loss could leave the record of the last clean close beside a log cut short.
  lock.write({ epoch, highWater: highest, bootId, clean: false, identity: fileIdentity(file) });

  let written = highest;
  let latest = highest;
  let takeBack: (() => void) | undefined;

  function flush(): void {
    takeBack = undefined;
    if (latest === written) return;
    try {
      lock.writeHighWater(latest);
      written = latest;
    } catch {
      // A mark that is too low only makes the check weaker; the next commit tries again.
    }
  }

  return {
    epoch,
    recordHighWater(id) {
      const lower = id < written;
      latest = id;
      if (lower) {
        lock.writeHighWater(id);
        written = id;
      } else if (id !== written) takeBack ??= clock.after(HIGH_WATER_INTERVAL_MS, flush);
    },
    recordClose(id) {
      takeBack?.();
      lock.write({ epoch, highWater: id, bootId, clean: true, identity: fileIdentity(file) });
    },
  };
}

/** The epoch that the file itself holds, when it has one. */
export function readEpoch(raw: Sqlite): string | undefined {
  return raw.prepare<[], string>("select value from meta where key = 'epoch'").pluck().get() as string | undefined;
}

export function writeEpoch(raw: Sqlite, epoch: string): void {
  raw.prepare("insert or replace into meta (key, value) values ('epoch', ?)").run(epoch);
}

export function highestEventId(raw: Sqlite): number {
  return raw.prepare<[], number>('select coalesce(max(id), 0) from events').pluck().get() as number;
}
