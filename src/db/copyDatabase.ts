import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { MEMORY, parseDatabasePath } from './databasePath.ts';
import { checkMigrations } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { APPLICATION_ID } from './openDatabase.ts';
import { loadSqlite } from './sqlite.ts';

const BUSY_TIMEOUT_MS = 5_000;

/** The path of a database that is a file. */
export function filePath(name: string): string {
  const path = parseDatabasePath(name);
  if (path === MEMORY) throw new VerbatimError('DATABASE_UNUSABLE', 'A database in memory is no file: its server alone has it.');
  return path;
}

/** Writes what the database `source` holds at this moment into the file `target`, beside whoever uses it. What was there is gone. */
export function copyInto(source: string, target: string): void {
  const raw = new (loadSqlite().Database)(source, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (raw.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      throw new VerbatimError('DATABASE_UNUSABLE', `${source} is not a database of Verbatim.`);
    }
    checkMigrations(raw, MIGRATIONS);
    rmSync(target, { force: true });
    // Its own user's alone: there are messages in it, and what tokens are checked by. SQLite takes an empty file for none.
    closeSync(openSync(target, 'wx', 0o600));
    // A file from before free pages were given back: this is the moment to change that.
    if (raw.pragma('auto_vacuum', { simple: true }) === 0) raw.pragma('auto_vacuum = INCREMENTAL');
    raw.prepare('vacuum into ?').run(target);
  } finally {
    raw.close();
  }
}

/** Gives a file its name, for good: it is on the disk under it when this returns. */
export function moveTo(partial: string, file: string): void {
  sync(partial);
  renameSync(partial, file);
  sync(dirname(file));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
