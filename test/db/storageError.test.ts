import { expect, test } from 'vitest';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { storageError } from '../../src/db/storageError.ts';
import { addEvent, openForTest } from './openForTest.ts';
import { tempFolder } from './tempFolder.ts';

function thrown(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('a full disk is STORAGE_FULL, keeps what was committed, and is over when there is room', () => {
  const database = openForTest({ file: `${tempFolder()}/v.db` });
  const { raw } = database;
  addEvent(database, 1);
  raw.pragma(`max_page_count = ${raw.pragma('page_count', { simple: true })}`);
  const insert = raw.prepare('insert into events (id, thread, seq, run, v, json) values (?, 1, ?, 1, 1, ?)');
  const write = raw.transaction(() => {
    for (let id = 2; id <= 200; id += 1) insert.run(id, id, 'x'.repeat(1_000));
  });
  const error = storageError(thrown(() => write.immediate()));
  expect(error).toMatchObject({ code: 'STORAGE_FULL', retryable: true });
  expect(raw.inTransaction).toBe(false);
  expect(raw.prepare('select count(*) from events').pluck().get()).toBe(1);
  raw.pragma('max_page_count = 1000000');
  write.immediate();
  expect(raw.prepare('select count(*) from events').pluck().get()).toBe(200);
});

test('a broken constraint is not the disk', () => {
  const database = openForTest({ file: ':memory:' });
  addEvent(database, 1);
  expect(storageError(thrown(() => addEvent(database, 1)))).toBeUndefined();
  expect(storageError(new Error('something else'))).toBeUndefined();
  expect(storageError('text')).toBeUndefined();
});

test.for([
  ['SQLITE_IOERR_WRITE', 'STORAGE_FAILED', true],
  ['SQLITE_READONLY_DBMOVED', 'STORAGE_FAILED', true],
  ['SQLITE_CANTOPEN', 'STORAGE_FAILED', true],
  ['SQLITE_BUSY', 'STORAGE_FAILED', true],
  ['SQLITE_CORRUPT_INDEX', 'STORAGE_FAILED', false],
  ['SQLITE_NOTADB', 'STORAGE_FAILED', false],
] as const)('%s is %s', ([code, expected, retryable]) => {
  const error = new (loadSqlite().Database.SqliteError)('/srv/verbatim.db: as SQLite says it', code);
  expect(storageError(error)).toMatchObject({ code: expected, retryable, cause: error });
  expect(storageError(error)?.message).not.toContain('/srv');
});

test('the error is found under what wrapped it', () => {
  const cause = new (loadSqlite().Database.SqliteError)('full', 'SQLITE_FULL');
  expect(storageError(new Error('query failed', { cause }))?.code).toBe('STORAGE_FULL');
});
