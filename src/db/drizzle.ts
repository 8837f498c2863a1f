import type { Database, RunResult } from 'better-sqlite3';
import { BetterSQLiteSession } from 'drizzle-orm/better-sqlite3/session';
import { BaseSQLiteDatabase, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';

export type Drizzle = BaseSQLiteDatabase<'sync', RunResult>;

/** Drizzle over an open connection. Not by its own driver file, which imports the native module statically. */
export function drizzleOver(raw: Database): Drizzle {
  const dialect = new SQLiteSyncDialect();
  return new BaseSQLiteDatabase('sync', dialect, new BetterSQLiteSession(raw, dialect, undefined, {}), undefined);
}
