import { VerbatimError } from '../protocol/verbatimError.ts';

/** SQLite's own code, such as `SQLITE_FULL`, of an error or of what caused it. Undefined for any other error. */
export function sqliteCode(cause: unknown): string | undefined {
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if ('code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_')) return error.code;
  }
  return undefined;
}

/**
 * What an error of SQLite means to a caller whose write or read failed: the disk is full, or the file does not work. Undefined for errors
 * that are ours and not the disk's, such as a broken constraint. The messages name no path: they may reach users.
 */
export function storageError(cause: unknown): VerbatimError | undefined {
  const code = sqliteCode(cause);
  if (code === undefined) return undefined;
  if (code === 'SQLITE_FULL') return new VerbatimError('STORAGE_FULL', 'The disk of the server is full. Nothing was stored.', { cause });
  if (/^SQLITE_(IOERR|READONLY|CANTOPEN|PERM|NOMEM|BUSY|LOCKED|PROTOCOL)/.test(code)) {
    return new VerbatimError('STORAGE_FAILED', 'The server could not use its database. Nothing was stored.', { cause });
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new VerbatimError('STORAGE_FAILED', 'The database of the server is damaged. Nothing was stored.', { cause, retryable: false });
  }
  return undefined;
}

/** Of what broke at no doing of SQLite's that is known. */
export function notStored(cause: unknown): VerbatimError {
  return new VerbatimError('STORAGE_FAILED', 'The server could not store this. Try again.', { cause });
}
