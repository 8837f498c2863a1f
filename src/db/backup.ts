import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type BackupContents, checkBackup } from './checkBackup.ts';
import { copyInto, filePath, moveTo } from './copyDatabase.ts';
import { findDatabaseFile } from './databasePath.ts';
import { openError } from './openError.ts';

/**
 * Copies the database `name` as it is at this moment into the new file `target`, beside a server that goes on writing: nobody waits for it, and
 * the server's write-ahead log is as long as what is written meanwhile. Resolves when the copy was read and found whole, is on the disk and has its name.
 * Throws `OUTPUT_REFUSED` when there is a file already, `DATABASE_*`, and `DATABASE_CORRUPT` when what was copied is not whole.
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
