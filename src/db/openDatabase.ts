import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { type Clock, systemClock } from '../protocol/clock.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { readBootId } from './bootId.ts';
import { startCheckpoints } from './checkpoints.ts';
import { findDatabaseFile, MEMORY, parseDatabasePath } from './databasePath.ts';
import { highestEventId, newEpoch, openEpoch, readEpoch, writeEpoch } from './epoch.ts';
import { lockFile } from './fileLock.ts';
import { checkMigrations, type Migration, migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { corrupt, openError } from './openError.ts';
import { loadSqlite, type Sqlite } from './sqlite.ts';

/** In the header of every database of Verbatim, to tell it from another program's: "VRBT". */
export const APPLICATION_ID = 0x56524254;

/** How long a write waits for another program that writes to the file, such as the command line. */
const BUSY_TIMEOUT_MS = 5_000;
/** Up to this size every page is checked at the start; it takes some milliseconds. */
const CHECK_ALL_BYTES = 16 * 1024 * 1024;
/** How long a closing database waits for those who read it, to cut its log. */
const CLOSE_BUSY_MS = 200;
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;
const CACHE_KIB = 64 * 1024;

export interface OpenDatabaseOptions {
  /** `file:verbatim.db`, a path, or `:memory:`. The file is made when it does not exist; its folder is not. */
  readonly file: string;
  /** `NORMAL` (default) keeps every commit through a crash of the process, `FULL` through a power loss too. */
  readonly synchronous?: 'NORMAL' | 'FULL' | undefined;
  /** Only reads, beside a server that may be running: takes no lock and changes nothing. */
  readonly readonly?: boolean | undefined;
  readonly migrations?: readonly Migration[] | undefined;
  /** Pages in the write-ahead log at which they are moved into the file. */
  readonly checkpointPages?: number | undefined;
  readonly checkpointIdleMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Names the machine's present boot. */
  readonly bootId?: string | undefined;
  /** The type number of the disk that holds a folder, as statfs has it. */
  readonly diskType?: ((folder: string) => number) | undefined;
}

export interface OpenDatabase {
  readonly raw: Sqlite;
  /** Names this past of the file: cursors of another epoch mean nothing here. */
  readonly epoch: string;
  /** There was no database before. */
  readonly isNew: boolean;
  /** Absolute and without symbolic links, or `:memory:`. */
  readonly file: string;
  /** The copy made of the file before its schema was upgraded by this call. Only the last one is kept. */
  readonly copyBeforeUpgrade: string | undefined;
  /**
   * Tells the highest id of the log after a commit, cheaply. Tell a lower one before the commit that deletes the newest events, or a crash
   * in between would pass for a restored backup.
   */
  recordHighWater(id: number): void;
  /** To be told after a commit that erased text: the write-ahead log, which still has it, is emptied soon. */
  onErased(): void;
  /** Closes the file, synced, and frees it for another server. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens a database of Verbatim, made or upgraded if need be, for this process alone. Throws `DATABASE_LOCKED`, `DATABASE_READ_ONLY`,
 * `DATABASE_CORRUPT`, `DATABASE_NEWER`, `DATABASE_NETWORK_DISK`, `DATABASE_UNUSABLE` or `STORAGE_FULL`, each naming the file and what to
 * do; nothing is then left open, and no file was changed but for a crash's leftovers.
 */
export function openDatabase(options: OpenDatabaseOptions): OpenDatabase {
  const path = parseDatabasePath(options.file);
  try {
    if (path === MEMORY) return openMemory(options);
    const file = findDatabaseFile(path, { write: options.readonly !== true }, options.diskType);
    return options.readonly ? openForReading(file, options) : openForWriting(file, options);
  } catch (cause) {
    throw openError(path, cause);
  }
}

function openMemory({ migrations = MIGRATIONS }: OpenDatabaseOptions): OpenDatabase {
  const raw = new (loadSqlite().Database)(MEMORY);
  raw.pragma('foreign_keys = ON');
  migrate(raw, migrations, APPLICATION_ID);
  const epoch = newEpoch();
  writeEpoch(raw, epoch);
  const close = async () => void raw.close();
  return { raw, epoch, isNew: true, file: MEMORY, copyBeforeUpgrade: undefined, recordHighWater: () => {}, onErased: () => {}, close };
}

function openForReading(file: string, { migrations = MIGRATIONS }: OpenDatabaseOptions): OpenDatabase {
  const raw = new (loadSqlite().Database)(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const epoch = checkOwner(raw) && checkMigrations(raw, migrations) === migrations.length ? readEpoch(raw) : undefined;
    if (epoch === undefined) {
      throw new VerbatimError('DATABASE_UNUSABLE', `${file} is empty or of an older version. Start the server on it once.`);
    }
    const close = async () => void raw.close();
    return { raw, epoch, isNew: false, file, copyBeforeUpgrade: undefined, recordHighWater: () => {}, onErased: () => {}, close };
  } catch (cause) {
    raw.close();
    throw cause;
  }
}

/**
 * Opens the file that a server has open, beside it: for one command, which writes little and nothing of a log. Throws as `openDatabase` does; a
 * server of another version has it in another form, and is to be asked itself.
 */
export function openForCommand(name: string): Pick<OpenDatabase, 'raw' | 'file' | 'close'> {
  const path = parseDatabasePath(name);
  try {
    const file = findDatabaseFile(path, { write: true }, undefined);
    const raw = new (loadSqlite().Database)(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      raw.pragma('foreign_keys = ON');
      if (!checkOwner(raw) || checkMigrations(raw, MIGRATIONS) !== MIGRATIONS.length) {
        throw new VerbatimError(
          'DATABASE_UNUSABLE',
          `${file} is of another version of Verbatim. Use the command of the server that runs on it.`,
        );
      }
      return { raw, file, close: async () => void raw.close() };
    } catch (cause) {
      raw.close();
      throw cause;
    }
  } catch (cause) {
    throw openError(path, cause);
  }
}

/** A new file is its owner's alone, whatever the umask: conversations are in it. SQLite gives what it makes beside it the same rights. */
function beginPrivately(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

function openForWriting(file: string, options: OpenDatabaseOptions): OpenDatabase {
  const { migrations = MIGRATIONS, synchronous = 'NORMAL', clock = systemClock, bootId = readBootId() } = options;
  const lock = lockFile(file);
  let raw: Sqlite | undefined;
  try {
    beginPrivately(file);
    const db = new (loadSqlite().Database)(file, { timeout: BUSY_TIMEOUT_MS });
    raw = db;
    const isNew = !checkOwner(db);
    checkPages(db);
    checkMigrations(db, migrations);
    // Before there is anything in it: later it takes rewriting the whole file.
    if (isNew) db.pragma('auto_vacuum = INCREMENTAL');
    configure(db, synchronous);
    const { copy } = migrate(db, migrations, APPLICATION_ID);
    const epoch = openEpoch({ raw: db, lock, file, bootId, clock });
    const checkpoints = startCheckpoints({ raw: db, clock, thresholdPages: options.checkpointPages, idleMs: options.checkpointIdleMs });

    async function close(): Promise<void> {
      await checkpoints.close();
      try {
        const highest = highestEventId(db);
        // Syncs the log and the file, also where a reader of another program keeps `close` from doing it.
        const [{ busy } = { busy: 1 }] = db.pragma('wal_checkpoint(PASSIVE)') as { busy: number }[];
        // Whoever reads the file from another process keeps its log from being cut, but not a server from ending.
        db.pragma(`busy_timeout = ${CLOSE_BUSY_MS}`);
        db.pragma('wal_checkpoint(TRUNCATE)');
        db.close();
        if (busy === 0) epoch.recordClose(highest);
      } finally {
        db.close();
        lock.close();
      }
    }

    let closing: Promise<void> | undefined;
    return {
      raw: db,
      epoch: epoch.epoch,
      isNew,
      file,
      copyBeforeUpgrade: copy,
      recordHighWater: epoch.recordHighWater,
      onErased: checkpoints.truncate,
      close() {
        closing ??= close();
        return closing;
      },
    };
  } catch (cause) {
    raw?.close();
    lock.discard();
    throw cause;
  }
}

/** False for a database without anything in it. Throws for one of another program. */
export function checkOwner(raw: Sqlite): boolean {
  const id = raw.pragma('application_id', { simple: true });
  if (id === APPLICATION_ID) return true;
  if (id === 0 && raw.prepare('select 1 from sqlite_master').get() === undefined) return false;
  const text = `${raw.name} is a SQLite database of another program. Give Verbatim a file of its own.`;
  throw new VerbatimError('DATABASE_UNUSABLE', text);
}

/** Looks at every page of a small file; of a large one at the schema and the newest rows, where a crash or a cut copy shows. */
function checkPages(raw: Sqlite): void {
  if (statSync(raw.name).size <= CHECK_ALL_BYTES) {
    if (raw.pragma('quick_check(1)', { simple: true }) !== 'ok') throw corrupt(raw.name);
    return;
  }
  const tables = raw
    .prepare<[], string>("select name from sqlite_master where type = 'table' and sql not like '%without rowid%'")
    .pluck()
    .all();
  for (const table of tables) raw.prepare(`select * from "${table}" order by rowid desc limit 1`).get();
}

function configure(raw: Sqlite, synchronous: 'NORMAL' | 'FULL'): void {
  const mode = raw.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') {
    const text = `The disk of ${raw.name} cannot hold a write-ahead log (SQLite answers "${String(mode)}"). Put the database on another disk.`;
    throw new VerbatimError('DATABASE_UNUSABLE', text);
  }
  raw.pragma(`synchronous = ${synchronous}`);
  raw.pragma('foreign_keys = ON');
  raw.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
  raw.pragma(`cache_size = -${CACHE_KIB}`);
  raw.pragma('temp_store = MEMORY');
  // Text that a guard withdraws may have been copied when a page was split: what is freed within a page is overwritten as it happens.
  raw.pragma('secure_delete = FAST');
  // A failing disk would end the process by a signal instead of an error.
  raw.pragma('mmap_size = 0');
}
