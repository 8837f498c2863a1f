import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { prepareAudit } from './audit.ts';
import { findDatabaseFile, MEMORY, parseDatabasePath } from './databasePath.ts';
import { drizzleOver } from './drizzle.ts';
import { newEpoch, writeEpoch } from './epoch.ts';
import { lockFile } from './fileLock.ts';
import { checkMigrations } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { APPLICATION_ID } from './openDatabase.ts';
import { corrupt, openError } from './openError.ts';
import { appendAudit } from './operations/appendAudit.ts';
import { type AuditVerdict, verifyAudit } from './operations/verifyAudit.ts';
import { loadSqlite, type Sqlite } from './sqlite.ts';

/** What is in a copy that was found whole. */
export interface BackupContents {
  readonly file: string;
  readonly bytes: number;
  readonly threads: number;
  readonly messages: number;
  readonly events: number;
  readonly openRuns: number;
  /** Undefined in a file from before there was one. */
  readonly audit: AuditVerdict | undefined;
}

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies the database `name` as it is at this moment into the new file `target`, beside a server that goes on writing: nobody waits for it, and
 * the server's write-ahead log is as long as what is written meanwhile. Resolves when the copy was read and found whole, is on the disk and has its name.
 * Throws `OUTPUT_REFUSED` when there is a file already, `DATABASE_*`, and `BACKUP_INVALID` when what was copied is not whole.
 */
export function backupDatabase(name: string, target: string): BackupContents {
  const source = findDatabaseFile(filePath(name), { write: false });
  const file = resolve(target);
  if (existsSync(file)) throw new VerbatimError('OUTPUT_REFUSED', `${file} is there already. Give the backup a name of its own.`);
  const partial = `${file}.partial`;
  try {
    copyInto(source, partial);
    const contents = checkBackup(partial);
    moveTo(partial, file);
    return { ...contents, file };
  } catch (cause) {
    rmSync(partial, { force: true });
    throw openError(source, cause);
  }
}

export interface Restored extends BackupContents {
  /** Where the database that was there is now; undefined when there was none. */
  readonly aside: string | undefined;
}

/**
 * Puts a backup in the place of the database `name`, which is kept aside under a new name. The file gets a new epoch: readers with cursors from
 * any time get a snapshot. Throws `DATABASE_LOCKED` while a server has the database, and as `backupDatabase` does; nothing has then changed.
 */
export function restoreDatabase(backup: string, name: string, now: number): Restored {
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

/** Reads all of a file that nobody writes. Throws `BACKUP_INVALID`, naming what is wrong with it. */
export function checkBackup(file: string): BackupContents {
  const raw = new (loadSqlite().Database)(file, { readonly: true });
  try {
    const invalid = (what: string): VerbatimError => new VerbatimError('BACKUP_INVALID', `${file} is not whole: ${what}.`);
    const [integrity] = raw.pragma('integrity_check(1)') as { integrity_check: string }[];
    if (integrity?.integrity_check !== 'ok') throw invalid(String(integrity?.integrity_check));
    const [orphan] = raw.pragma('foreign_key_check') as { table: string; parent: string }[];
    if (orphan !== undefined) throw invalid(`a row of ${orphan.table} has lost its row of ${orphan.parent}`);
    const gap = raw
      .prepare<[], { id: string }>(
        `select t.id from threads t join (select thread, count(*) as n, min(seq) as first, max(seq) as last from events group by thread) e
         on e.thread = t.key where e.last - e.first + 1 <> e.n or e.first <> t.floor + 1 limit 1`,
      )
      .get();
    if (gap !== undefined) throw invalid(`the events of ${gap.id} have gaps`);
    const count = (what: string): number => Number(raw.prepare(`select count(*) from ${what}`).pluck().get());
    const hasAudit = count("sqlite_master where name = 'audit_log'") > 0;
    const audit = hasAudit ? verifyAudit({ audit: prepareAudit(drizzleOver(raw)) }) : undefined;
    return {
      file,
      bytes: statSync(file).size,
      threads: count('threads'),
      messages: count('messages'),
      events: count('events'),
      openRuns: count("runs where status in ('queued', 'running', 'waiting')"),
      audit,
    };
  } catch (cause) {
    throw openError(file, cause);
  } finally {
    raw.close();
  }
}

function filePath(name: string): string {
  const path = parseDatabasePath(name);
  if (path === MEMORY) throw new VerbatimError('DATABASE_UNUSABLE', 'A database in memory is no file: its server alone has it.');
  return path;
}

function copyInto(source: string, target: string): void {
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
    const raw: Sqlite = new (loadSqlite().Database)(file, { timeout: BUSY_TIMEOUT_MS });
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

function moveTo(partial: string, file: string): void {
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
