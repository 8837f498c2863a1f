import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { embedMigrations } from '../../scripts/embedMigrations.ts';
import { checkMigrations, type Migration, migrate } from '../../src/db/migrate.ts';
import { MIGRATIONS } from '../../src/db/migrations.ts';
import { APPLICATION_ID } from '../../src/db/openDatabase.ts';
import { loadSqlite, type Sqlite } from '../../src/db/sqlite.ts';
import { startChild } from './childProcess.ts';
import { fillTables } from './fillTables.ts';
import { FAMILY, REBUILD, SLOW, THIRD } from './fixtureMigrations.ts';
import { openForTest, refusal } from './openForTest.ts';
import { tempFolder } from './tempFolder.ts';

function count(raw: Sqlite, table: string): unknown {
  return raw.prepare(`select count(*) from ${table}`).pluck().get();
}

function openRaw(file = ':memory:'): Sqlite {
  const raw = new (loadSqlite().Database)(file);
  raw.pragma('foreign_keys = ON');
  return raw;
}

async function makeFamily(file: string): Promise<void> {
  const database = openForTest({ file, migrations: [FAMILY] });
  database.raw.exec("insert into parents values (1, 'a'), (2, 'b'); insert into children values (1, 1), (2, 1), (3, 2)");
  await database.close();
}

test('a table is rebuilt without losing the rows of its children', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeFamily(file);
  const { raw, isNew } = openForTest({ file, migrations: [FAMILY, REBUILD] });
  expect(isNew).toBe(false);
  expect([count(raw, 'parents'), count(raw, 'children')]).toEqual([2, 3]);
  expect(raw.pragma('foreign_keys', { simple: true })).toBe(1);
  expect(() => raw.exec('insert into children values (4, 99)')).toThrow(/FOREIGN KEY/);
  raw.exec('delete from parents where id = 1');
  expect(count(raw, 'children')).toBe(1);
});

test('an upgrade keeps the epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const { epoch, close } = openForTest({ file, migrations: [FAMILY] });
  await close();
  expect(openForTest({ file, migrations: [FAMILY, REBUILD] }).epoch).toBe(epoch);
});

test('the file is copied before an upgrade, and only the last copy is kept', async () => {
  const folder = tempFolder();
  const file = join(folder, 'v.db');
  await makeFamily(file);
  const second = openForTest({ file, migrations: [FAMILY, REBUILD] });
  expect(second.copyBeforeUpgrade).toBe(`${file}.before-2`);
  const copy = openForTest({ file: `${file}.before-2`, migrations: [FAMILY] });
  expect(count(copy.raw, 'children')).toBe(3);
  await copy.close();
  await second.close();
  const third = openForTest({ file, migrations: [FAMILY, REBUILD, THIRD] });
  expect(third.copyBeforeUpgrade).toBe(`${file}.before-3`);
  expect(existsSync(`${file}.before-2`)).toBe(false);
  await third.close();
  expect(openForTest({ file, migrations: [FAMILY, REBUILD, THIRD] }).copyBeforeUpgrade).toBeUndefined();
});

test('a new database is not copied', () => {
  const folder = tempFolder();
  expect(openForTest({ file: join(folder, 'v.db'), migrations: [FAMILY, REBUILD] }).copyBeforeUpgrade).toBeUndefined();
  expect(readdirSync(folder).filter((name) => name.includes('before'))).toEqual([]);
});

test('an upgrade that leaves orphans is refused, and nothing has changed', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeFamily(file);
  const careless: Migration = { name: 'careless', hash: 'c', sql: 'create table later (x); delete from parents where id = 1' };
  expect(refusal({ file, migrations: [FAMILY, careless] })).toMatchObject({
    code: 'DATABASE_UNUSABLE',
    message: expect.stringContaining('2 rows without their parent'),
  });
  const { raw } = openForTest({ file, migrations: [FAMILY] });
  expect([count(raw, 'parents'), count(raw, 'children')]).toEqual([2, 3]);
  expect(() => count(raw, 'later')).toThrow(/no such table/);
});

test('an upgrade that fails half way leaves the version before', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeFamily(file);
  const broken: Migration = { name: 'broken', hash: 'b', sql: 'create table later (x); insert into nowhere values (1)' };
  expect(refusal({ file, migrations: [FAMILY, REBUILD, broken] }).message).toContain('nowhere');
  const { raw } = openForTest({ file, migrations: [FAMILY] });
  expect([count(raw, 'parents'), count(raw, 'children')]).toEqual([2, 3]);
});

test('an applied migration that has changed since is refused', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeFamily(file);
  const error = refusal({ file, migrations: [{ ...FAMILY, hash: 'other' }] });
  expect(error.code).toBe('DATABASE_UNUSABLE');
  expect(error.message).toContain('another build');
});

test('a process killed in the middle of an upgrade leaves the version before', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeFamily(file);
  const child = startChild('upgradeSlowly.ts', file);
  // The log outgrows the cache only when the migration is writing.
  await vi.waitFor(() => expect(statSync(`${file}-wal`).size).toBeGreaterThan(100_000), { timeout: 15_000 });
  await child.kill();
  const { raw } = openForTest({ file, migrations: [FAMILY] });
  expect(checkMigrations(raw, [FAMILY, SLOW])).toBe(1);
  expect([count(raw, 'parents'), count(raw, 'children')]).toEqual([2, 3]);
});

test('every migration of the package keeps the rows of every table that is full', () => {
  const raw = openRaw();
  for (const [index] of MIGRATIONS.entries()) {
    const before = fillTables(raw);
    migrate(raw, MIGRATIONS.slice(0, index + 1), APPLICATION_ID);
    for (const [table, rows] of before) expect(count(raw, table), table).toBe(rows);
    expect(raw.pragma('foreign_key_check')).toEqual([]);
  }
  const filled = fillTables(raw);
  expect(filled.size).toBeGreaterThan(8);
  for (const [table, rows] of filled) expect(rows, table).toBeGreaterThan(0);
});

test('the embedded migrations are those of the folder, each with its own hash', () => {
  const folder = new URL('../../src/db/migrations/', import.meta.url);
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith('.sql'))
      .sort(),
  ).toEqual(MIGRATIONS.map(({ name }) => `${name}.sql`));
  for (const { hash, sql } of MIGRATIONS) expect(createHash('sha256').update(sql).digest('hex')).toBe(hash);
  const text = embedMigrations(folder);
  for (const { name, hash } of MIGRATIONS) expect(text).toContain(`name: '${name}',\n    hash: '${hash}'`);
});
