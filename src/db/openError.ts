import { VerbatimError } from '../protocol/verbatimError.ts';
import { sqliteCode } from './storageError.ts';

/** Turns what went wrong while opening `file` into a `DATABASE_*` error that names the file and what to do. Our own errors pass. */
export function openError(file: string, cause: unknown): VerbatimError {
  if (cause instanceof VerbatimError) return cause;
  const code = sqliteCode(cause) ?? '';
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return corrupt(file, cause);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new VerbatimError('DATABASE_LOCKED', `${file} is held by another program. Let it finish, then start again.`, { cause });
  }
  if (/^SQLITE_(READONLY|PERM)/.test(code)) return readOnly(file, cause);
  if (code === 'SQLITE_FULL') {
    return new VerbatimError('STORAGE_FULL', `The disk that holds ${file} is full. Make room, then start again.`, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VerbatimError('DATABASE_UNUSABLE', `${file} cannot be opened: ${reason}. Check the path, the folder and the disk.`, { cause });
}

export function corrupt(file: string, cause?: unknown): VerbatimError {
  const text = `${file} is not a SQLite database, or is damaged. Restore a backup (remove ${file}-wal and ${file}-shm with it), or give another file.`;
  return new VerbatimError('DATABASE_CORRUPT', text, { cause });
}

export function readOnly(path: string, cause?: unknown): VerbatimError {
  const text = `${path} cannot be written. Give the server's user the right to write the file and its folder, and check that the disk is not mounted read-only.`;
  return new VerbatimError('DATABASE_READ_ONLY', text, { cause });
}
