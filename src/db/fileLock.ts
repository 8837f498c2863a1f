import { existsSync, rmSync } from 'node:fs';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { openError } from './openError.ts';
import { loadSqlite } from './sqlite.ts';
import { sqliteCode } from './storageError.ts';

/** What the lock file remembers of the database beside it, to tell at the next start whether it is still the same one. */
export interface FileRecord {
  readonly epoch: string;
  /** The highest id of an event known to be in the log. */
  readonly highWater: number;
  /** Of the machine's boot during which the file was last open. */
  readonly bootId: string;
  /** Whether it was closed, and everything synced. */
  readonly clean: boolean;
  /** Which file it was. A copy that took its place is another one. */
  readonly identity: string;
}

export interface FileLock {
  /** What the last holder left. Undefined when there was none. */
  read(): FileRecord | undefined;
  /** Returns when the record is on the disk. */
  write(record: FileRecord): void;
  /** Returns when it is in the page cache: `kill -9` keeps it, a power loss may not. */
  writeHighWater(id: number): void;
  /** Frees the lock and leaves the file. */
  close(): void;
  /** Frees the lock and, when this call of `lockFile` made it, takes the file away. */
  discard(): void;
}

/** Long enough for two starts at once to see which one is first. */
const WAIT_MS = 250;

/**
 * Takes `<file>.lock`, so that one server at a time uses `file`; the lock is free again when the process ends, however it ends. Other
 * programs can still read and write `file` itself. `file` must be a real path, or two names of a file would get two locks. Throws
 * `DATABASE_LOCKED` when a server holds it, in this process or in another.
 */
export function lockFile(file: string): FileLock {
  const path = `${file}.lock`;
  const created = !existsSync(path);
  const db = openLock(file, path);
  const high = db.prepare<[number]>('update record set high_water = ?');
  return {
    read() {
      const row = db.prepare<[], Row>('select epoch, high_water, boot_id, clean, identity from record').get();
      return row && { epoch: row.epoch, highWater: row.high_water, bootId: row.boot_id, clean: row.clean === 1, identity: row.identity };
    },
    write(record) {
      db.pragma('synchronous = FULL');
      db.prepare('insert or replace into record (id, epoch, high_water, boot_id, clean, identity) values (1, ?, ?, ?, ?, ?)').run(
        record.epoch,
        record.highWater,
        record.bootId,
        record.clean ? 1 : 0,
        record.identity,
      );
      db.pragma('synchronous = OFF');
    },
    writeHighWater: (id) => void high.run(id),
    close: () => void db.close(),
    discard() {
      // Before the lock is free: afterwards the file may be another server's.
      if (created) rmSync(path, { force: true });
      db.close();
    },
  };
}

interface Row {
  readonly epoch: string;
  readonly high_water: number;
  readonly boot_id: string;
  readonly clean: number;
  readonly identity: string;
}

function openLock(file: string, path: string) {
  const { Database } = loadSqlite();
  let db: InstanceType<typeof Database> | undefined;
  try {
    db = new Database(path, { timeout: WAIT_MS });
    db.pragma('page_size = 512');
    db.exec(
      'begin exclusive; create table if not exists record (id integer primary key, epoch text not null, high_water integer not null, boot_id text not null, clean integer not null, identity text not null); commit',
    );
    // From here on a write changes one page, which is one sector and cannot be torn: a journal in memory is enough.
    db.pragma('journal_mode = MEMORY');
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('begin exclusive; commit');
    return db;
  } catch (cause) {
    db?.close();
    const code = sqliteCode(cause) ?? '';
    if (code.startsWith('SQLITE_BUSY')) {
      const text = `${file} is in use by another Verbatim server. A file has one server at a time: stop the other one, or give this one another file.`;
      throw new VerbatimError('DATABASE_LOCKED', text, { cause });
    }
    if (/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(code)) {
      throw new VerbatimError('DATABASE_UNUSABLE', `The lock file ${path} is damaged. No server holds it: remove it, then start again.`, {
        cause,
      });
    }
    throw openError(path, cause);
  }
}
