import { loadSqlite } from '../../src/db/sqlite.ts';

/** What of files is in a database, by a connection of its own. */
export function filesIn(database: string) {
  const raw = new (loadSqlite().Database)(database, { readonly: true });
  try {
    const count = (query: string): number => Number(raw.prepare(query).pluck().get());
    return {
      complete: count('select count(*) from files where complete = 1'),
      incomplete: count('select count(*) from files where complete = 0'),
      chunks: count('select count(*) from file_chunks'),
      largestChunk: count('select coalesce(max(length(bytes)), 0) from file_chunks'),
      strayChunks: count('select count(*) from file_chunks where file not in (select key from files where complete = 1)'),
    };
  } finally {
    raw.close();
  }
}
