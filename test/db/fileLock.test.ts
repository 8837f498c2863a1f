import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { lockFile } from '../../src/db/fileLock.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { startChildServer } from './childServer.ts';
import { addEvent, openForTest, refusal } from './openForTest.ts';
import { tempFolder } from './tempFolder.ts';

test('a second server on the file is refused, in another process, with the file and the remedy', async () => {
  const file = join(tempFolder(), 'v.db');
  const child = await startChildServer(file);
  const error = refusal({ file });
  expect(error.code).toBe('DATABASE_LOCKED');
  expect(error.message).toContain(file);
  expect(error.message).toContain('stop the other one');
  await child.kill();
  expect(openForTest({ file }).epoch).toBe(child.epoch);
});

test('a second server on the file is refused in the same process', async () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file });
  expect(refusal({ file }).code).toBe('DATABASE_LOCKED');
  addEvent(database, 1);
  await database.close();
  expect(openForTest({ file }).epoch).toBe(database.epoch);
});

test('the lock is held from the start, before anything is recorded', () => {
  const file = join(tempFolder(), 'v.db');
  const lock = lockFile(file);
  expect(() => lockFile(file)).toThrow(expect.objectContaining({ code: 'DATABASE_LOCKED' }));
  expect(lock.read()).toBeUndefined();
  lock.close();
  lockFile(file).close();
});

test('a refused server takes neither the lock nor the lock file away', () => {
  const file = join(tempFolder(), 'v.db');
  openForTest({ file });
  expect(refusal({ file }).code).toBe('DATABASE_LOCKED');
  expect(refusal({ file }).code).toBe('DATABASE_LOCKED');
  expect(existsSync(`${file}.lock`)).toBe(true);
});

test('other names of the file are the same file', () => {
  const folder = tempFolder();
  const file = join(folder, 'v.db');
  openForTest({ file });
  mkdirSync(join(folder, 'sub'));
  symlinkSync(file, join(folder, 'sub', 'link.db'));
  symlinkSync(folder, join(folder, 'sub', 'folder'));
  const names = [
    join(folder, 'sub', 'link.db'),
    join(folder, 'sub', 'folder', 'v.db'),
    relative(process.cwd(), file),
    `file:${file}`,
    `file://${file}`,
  ];
  for (const name of names) expect(refusal({ file: name }).code, name).toBe('DATABASE_LOCKED');
});

test('a name of a file that is made through a link to its folder is the same file', () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  expect(openForTest({ file: join(folder, 'link', 'v.db') }).file).toBe(join(folder, 'real', 'v.db'));
  expect(refusal({ file: join(folder, 'real', 'v.db') }).code).toBe('DATABASE_LOCKED');
});

test('other programs read and write the file while a server holds it, also between its writes', () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file });
  addEvent(database, 1);
  const other = new (loadSqlite().Database)(file, { timeout: 0 });
  expect(other.prepare('select count(*) from events').pluck().get()).toBe(1);
  other.exec("insert into meta values ('other', 'was here')");
  addEvent(database, 2);
  other.close();
  expect(database.raw.prepare("select value from meta where key = 'other'").pluck().get()).toBe('was here');
});

test('a database opened for reading needs no lock, reads beside a server, and cannot write', async () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file });
  addEvent(database, 1);
  const reader = openForTest({ file, readonly: true });
  expect(reader.epoch).toBe(database.epoch);
  expect(reader.raw.prepare('select count(*) from events').pluck().get()).toBe(1);
  expect(() => addEvent(reader, 2)).toThrow(/readonly/);
});

test('a damaged lock file is refused with the remedy', () => {
  const file = join(tempFolder(), 'v.db');
  writeFileSync(`${file}.lock`, 'x'.repeat(1024));
  const error = refusal({ file });
  expect(error.code).toBe('DATABASE_UNUSABLE');
  expect(error.message).toContain(`${file}.lock`);
  expect(error.message).toContain('remove it');
});
