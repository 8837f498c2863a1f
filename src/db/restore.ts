import { chmodSync, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { prepareAudit } from './audit.ts';
import { type BackupContents, checkBackup } from './checkBackup.ts';
import { copyInto, filePath, moveTo } from './copyDatabase.ts';
import { findDatabaseFile } from './databasePath.ts';
import { drizzleOver } from './drizzle.ts';
import { newEpoch, writeEpoch } from './epoch.ts';
import { lockFile } from './fileLock.ts';
import { checkMigrations } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { openError } from './openError.ts';
import { appendAudit } from './operations/appendAudit.ts';
import { loadSqlite } from './sqlite.ts';

const BUSY_TIMEOUT_MS = 5_000;

export interface Restored extends BackupContents {
  /** Where the database that was there is now; undefined when there was none. */
  readonly aside: string | undefined;
}

/**
 * Puts a backup in the place of the database `name`, which is kept aside under a new name. The file gets a new epoch: readers with cursors from
 * any time get a snapshot. Throws `DATABASE_LOCKED` while a server has the database, and as `backupDatabase` does; nothing has then changed.
 */
export function restoreDatabase(backup: string, name: string, now: number): Restored {
  if (!existsSync(filePath(backup)))
    throw new VerbatimError('DATABASE_UNUSABLE', `${backup} does not exist. Name a file that \`verbatim backup\` made.`);
  const source = findDatabaseFile(filePath(backup), { write: false });
  const file = findDatabaseFile(filePath(name), { write: true });
  if (source === file) throw new VerbatimError('OUTPUT_REFUSED', `${source} is the database itself. Name a backup of it.`);
  const lock = lockFile(file);
  const partial = `${file}.restoring`;
  try {
    rmSync(partial, { force: true });
    copyInto(source, partial);
    begin(partial, now);
    const contents = checkBackup(partial);
    const aside = existsSync(file) ? setAside(file, now) : undefined;
    moveTo(partial, file);
    return { ...contents, file, aside };
  } catch (cause) {
    rmSync(partial, { force: true });
    throw openError(source, cause);
  } finally {
    lock.close();
  }
}

/** A file that has a past of its own from now on, and says so. */
function begin(file: string, now: number): void {
  const raw = new (loadSqlite().Database)(file);
  try {
    writeEpoch(raw, newEpoch());
    if (checkMigrations(raw, MIGRATIONS) < MIGRATIONS.length) return;
    const queries = { audit: prepareAudit(drizzleOver(raw)) };
    appendAudit({ queries, now }, { actor: 'cli', action: 'database.restore', outcome: 'ok' });
  } finally {
    raw.close();
  }
}

/** Gives a database that nobody has open a second name, with everything in it; its log must not be taken for that of the file that comes. */
function setAside(file: string, now: number): string {
  const aside = `${file}.before-restore-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
  try {
    const raw = new (loadSqlite().Database)(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      const [{ busy } = { busy: 1 }] = raw.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      if (busy !== 0) throw new VerbatimError('DATABASE_LOCKED', `${file} is read by another program. Let it finish, then restore again.`);
    } finally {
      raw.close();
    }
  } catch (cause) {
    // A damaged file is kept as it is, with its log.
    if (openError(file, cause).code !== 'DATABASE_CORRUPT') throw cause;
    for (const suffix of ['-wal', '-shm']) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  try {
    // At every moment there is a database under the name: a server that started without one would make an empty one.
    linkSync(file, aside);
  } catch {
    copyFileSync(file, aside); // A disk without links.
    chmodSync(aside, statSync(file).mode);
  }
  return aside;
}
