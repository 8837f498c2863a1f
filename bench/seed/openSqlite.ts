import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';

/** A connection by the module that Verbatim itself takes on this Node. */
export function openSqlite(file: string): BetterSqlite3.Database {
  const name = Number.parseInt(process.versions.node, 10) >= 22 ? 'better-sqlite3' : 'better-sqlite3-node20';
  const Database: typeof BetterSqlite3 = createRequire(import.meta.url)(name);
  return new Database(file);
}
