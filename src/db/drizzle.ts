import type { Database, RunResult } from 'better-sqlite3';
import { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import { CompiledSession, dialect } from './compiledSession.ts';

export type Drizzle = BaseSQLiteDatabase<'sync', RunResult>;

/** Drizzle over an open connection. Not by its own driver file, which imports the native module statically. */
export function drizzleOver(raw: Database): Drizzle {
  return new BaseSQLiteDatabase('sync', dialect, new CompiledSession(raw), undefined);
}
