import { existsSync } from 'node:fs';
import { checkMigrations } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { checkOwner } from './openDatabase.ts';
import { openError } from './openError.ts';
import { loadSqlite, type Sqlite } from './sqlite.ts';
import { sqliteCode } from './storageError.ts';

export interface DatabasePeek {
  /** A server has the file. */
  readonly isRunning: boolean;
  /** Epoch milliseconds of the newest message; undefined when there is none. */
  readonly newestAt: number | undefined;
  readonly migrations: { readonly known: number; readonly pending: number };
}

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Looks into a database that is there, whether a server has it or not, and leaves every file as it is. Throws `DATABASE_*` when it is damaged,
 * of another program or of a newer version.
 */
export function peekDatabase(file: string): DatabasePeek {
  let raw: Sqlite | undefined;
  try {
    raw = open(file);
    const done = checkOwner(raw) ? checkMigrations(raw, MIGRATIONS) : 0;
    const newestAt = done === 0 ? undefined : raw.prepare<[], number>('select at from messages order by key desc limit 1').pluck().get();
    return { isRunning: isLocked(file), newestAt, migrations: { known: MIGRATIONS.length, pending: MIGRATIONS.length - done } };
  } catch (cause) {
    throw openError(file, cause);
  } finally {
    raw?.close();
  }
}

/**
 * A connection that only reads makes the files of the write-ahead log where there are none, and cannot remove them again; one that may write
 * removes them when it closes, but would move a crash's leftovers into the file. So it depends on what is there.
 */
function open(file: string): Sqlite {
  const raw = new (loadSqlite().Database)(file, { readonly: existsSync(`${file}-wal`), timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
  raw.pragma('query_only = ON');
  return raw;
}

function isLocked(file: string): boolean {
  const path = `${file}.lock`;
  if (!existsSync(path)) return false;
  const lock = new (loadSqlite().Database)(path, { readonly: true, timeout: 0 });
  try {
    lock.prepare('select 1 from sqlite_master').get();
    return false;
  } catch (cause) {
    if (sqliteCode(cause)?.startsWith('SQLITE_BUSY')) return true;
    throw cause;
  } finally {
    lock.close();
  }
}
