import { existsSync } from 'node:fs';
import { MEMORY, parseDatabasePath } from '../db/databasePath.ts';
import { type BesideDatabase, openBeside } from '../db/openBeside.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

export interface DatabaseFlags {
  /** A file: that of a server that runs, or of one that does not. */
  readonly db: string;
  readonly json?: boolean;
}

/** Runs one command on the file, and closes it. Throws `DATABASE_UNUSABLE` where there is none, unless it may be made. */
export async function withDatabase<T>(
  { db }: DatabaseFlags,
  { mayMake = false }: { readonly mayMake?: boolean },
  work: (database: BesideDatabase) => T | Promise<T>,
): Promise<T> {
  const path = parseDatabasePath(db);
  if (path === MEMORY) throw new VerbatimError('DATABASE_UNUSABLE', 'A database in memory is its server’s alone. Name a file with --db.');
  if (!mayMake && !existsSync(path)) {
    throw new VerbatimError('DATABASE_UNUSABLE', `${path} does not exist. Name the file of the server with --db.`);
  }
  const database = await openBeside(db);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Rows a page: the command line shows all of them. */
const PAGE = 500;

export function allPages<Row extends { readonly key: number }>(read: (after: number | undefined, limit: number) => readonly Row[]): Row[] {
  const all: Row[] = [];
  for (;;) {
    const rows = read(all.at(-1)?.key, PAGE);
    all.push(...rows);
    if (rows.length < PAGE) return all;
  }
}
