import { onTestFinished } from 'vitest';
import { type OpenDatabase, type OpenDatabaseOptions, openDatabase } from '../../src/db/openDatabase.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';

/** Opens a database that is closed at the end of the test, if not before. */
export function openForTest(options: OpenDatabaseOptions): OpenDatabase {
  const database = openDatabase(options);
  onTestFinished(() => database.close());
  return database;
}

/** The error that opening throws. */
export function refusal(options: OpenDatabaseOptions): VerbatimError {
  try {
    void openDatabase(options).close();
  } catch (error) {
    if (error instanceof VerbatimError) return error;
    throw error;
  }
  throw new Error(`${options.file} was opened`);
}

/** Puts one event with this id into the log. */
export function addEvent({ raw }: OpenDatabase, id: number): void {
  raw.prepare("insert into events (id, thread, seq, run, v, json) values (?, 1, ?, 1, 1, '{}')").run(id, id);
}
