import { execFileSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { MIGRATIONS } from '../../src/db/migrations.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { addEvent, openForTest, refusal } from './openForTest.ts';
import { tempFolder } from './tempFolder.ts';

/** Takes the right to write away, from root too; skips the test where nothing does that. */
function forbidWriting(path: string, context: TestContext): void {
  const { mode } = statSync(path);
  chmodSync(path, mode & ~0o222);
  onTestFinished(() => chmodSync(path, mode));
  if (process.getuid?.() === 0) {
    try {
      execFileSync('chattr', ['+i', path], { stdio: 'ignore' });
    } catch {
      context.skip('root ignores file modes, and chattr +i does not work on this disk');
    }
    onTestFinished(() => void execFileSync('chattr', ['-i', path]));
  }
  expect(() => accessSync(path, constants.W_OK)).toThrow();
}

async function makeDatabase(file: string, events = 1): Promise<void> {
  const database = openForTest({ file });
  for (let id = 1; id <= events; id += 1) addEvent(database, id);
  await database.close();
}

test('a new file has the settings that the log counts on', () => {
  const { raw, isNew, file } = openForTest({ file: `file:${join(tempFolder(), 'v.db')}` });
  const pragma = (name: string) => raw.pragma(name, { simple: true });
  expect(isNew).toBe(true);
  expect(file).toMatch(/^\/.*v\.db$/);
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('synchronous')).toBe(1);
  expect(pragma('foreign_keys')).toBe(1);
  expect(pragma('wal_autocheckpoint')).toBe(0);
  expect(pragma('busy_timeout')).toBe(5_000);
  expect(pragma('page_size')).toBe(4_096);
});

test('synchronous FULL is an option', () => {
  const { raw } = openForTest({ file: join(tempFolder(), 'v.db'), synchronous: 'FULL' });
  expect(raw.pragma('synchronous', { simple: true })).toBe(2);
});

test('a database in memory has the schema, foreign keys and an epoch, and leaves no file', () => {
  const before = readdirSync('.');
  const database = openForTest({ file: ':memory:' });
  addEvent(database, 1);
  expect(database).toMatchObject({ isNew: true, file: ':memory:' });
  expect(database.raw.pragma('foreign_keys', { simple: true })).toBe(1);
  expect(database.raw.prepare("select value from meta where key = 'epoch'").pluck().get()).toBe(database.epoch);
  expect(readdirSync('.')).toEqual(before);
});

test('a file is there again after a restart, and only the file and its lock are left when it is closed', async () => {
  const folder = tempFolder();
  const file = join(folder, 'v.db');
  await makeDatabase(file, 3);
  expect(readdirSync(folder)).toEqual(['v.db', 'v.db.lock']);
  const again = openForTest({ file });
  expect(again.isNew).toBe(false);
  expect(again.raw.prepare('select count(*) from events').pluck().get()).toBe(3);
});

test('closing twice is closing once', async () => {
  const database = openForTest({ file: join(tempFolder(), 'v.db') });
  await Promise.all([database.close(), database.close()]);
  expect(database.raw.open).toBe(false);
});

test('an empty file becomes a database', () => {
  const file = join(tempFolder(), 'v.db');
  writeFileSync(file, '');
  expect(openForTest({ file }).isNew).toBe(true);
});

test.for(['', 'file:', 'file://elsewhere/v.db', 'a\0b'])('%j is no path', (file) => {
  expect(refusal({ file }).code).toBe('DATABASE_UNUSABLE');
});

test('a missing folder is named', () => {
  const folder = join(tempFolder(), 'missing');
  const error = refusal({ file: join(folder, 'v.db') });
  expect(error.code).toBe('DATABASE_UNUSABLE');
  expect(error.message).toContain(`The folder ${folder} `);
});

test('a folder in place of the file, and a link to nothing, are refused', () => {
  const folder = tempFolder();
  expect(refusal({ file: folder })).toMatchObject({ code: 'DATABASE_UNUSABLE', message: expect.stringContaining('is a folder') });
  symlinkSync(join(folder, 'nothing'), join(folder, 'link.db'));
  expect(refusal({ file: join(folder, 'link.db') })).toMatchObject({
    code: 'DATABASE_UNUSABLE',
    message: expect.stringContaining('link.db'),
  });
});

test('a file that cannot be written is refused', async (context) => {
  const file = join(tempFolder(), 'v.db');
  await makeDatabase(file);
  forbidWriting(file, context);
  const error = refusal({ file });
  expect(error.code).toBe('DATABASE_READ_ONLY');
  expect(error.message).toContain(file);
  expect(error.message).toContain('right to write');
});

test('a folder that cannot be written is refused', async (context) => {
  const folder = join(tempFolder(), 'data');
  mkdirSync(folder);
  await makeDatabase(join(folder, 'v.db'));
  forbidWriting(folder, context);
  expect(refusal({ file: join(folder, 'v.db') })).toMatchObject({ code: 'DATABASE_READ_ONLY', message: expect.stringContaining(folder) });
});

test('a file that is no database is refused, and left as it is without a lock file beside it', () => {
  const folder = tempFolder();
  const file = join(folder, 'v.db');
  writeFileSync(file, 'hello '.repeat(1_000));
  const error = refusal({ file });
  expect(error.code).toBe('DATABASE_CORRUPT');
  expect(error.message).toContain(file);
  expect(error.message).toContain('Restore a backup');
  expect(readdirSync(folder)).toEqual(['v.db']);
});

test('a file that was cut short is refused', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeDatabase(file, 500);
  truncateSync(file, statSync(file).size - 8_192);
  expect(refusal({ file }).code).toBe('DATABASE_CORRUPT');
});

/** Overwrites one page of a table, chosen by a condition on SQLite's `dbstat`, with noise. */
function damage(file: string, condition: string): void {
  const raw = new (loadSqlite().Database)(file);
  const page = raw.prepare(`select pageno from dbstat where ${condition} limit 1`).pluck().get();
  raw.close();
  execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=4096', `seek=${Number(page) - 1}`, 'count=1', 'conv=notrunc', 'status=none']);
}

test('a file with a page of garbage in the middle is refused', async () => {
  const file = join(tempFolder(), 'v.db');
  await makeDatabase(file, 2_000);
  damage(file, "name = 'events' and path = '/003/'");
  expect(refusal({ file }).code).toBe('DATABASE_CORRUPT');
});

test('a large file is refused when its end is lost or a table cannot be read', async () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file });
  database.raw.exec(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 400) insert into events (id, thread, seq, run, v, json) select i, 1, i, 1, 1, hex(randomblob(50000)) from n`,
  );
  await database.close();
  expect(statSync(file).size).toBeGreaterThan(32e6);
  await openForTest({ file }).close();
  const { size } = statSync(file);
  copyFileSync(file, `${file}.2`);
  damage(`${file}.2`, "name = 'messages'");
  truncateSync(file, size - 4_096);
  for (const broken of [file, `${file}.2`]) expect(refusal({ file: broken }).code).toBe('DATABASE_CORRUPT');
});

test('a database of another program is refused and not touched', () => {
  const folder = tempFolder();
  const tables = join(folder, 'tables.db');
  const marked = join(folder, 'marked.db');
  const { Database } = loadSqlite();
  const [a, b] = [new Database(tables), new Database(marked)];
  a.exec('create table customers (id integer)');
  b.exec('pragma application_id = 1');
  a.close();
  b.exec('create table t (x); drop table t');
  b.close();
  for (const file of [tables, marked]) {
    expect(refusal({ file })).toMatchObject({ code: 'DATABASE_UNUSABLE', message: expect.stringContaining('another program') });
  }
  expect(readdirSync(folder)).toEqual(['marked.db', 'tables.db']);
});

test('a database of a newer version is refused and left as it is', async () => {
  const file = join(tempFolder(), 'v.db');
  await openForTest({ file, migrations: [...MIGRATIONS, { name: 'later', hash: 'x', sql: 'create table later (x)' }] }).close();
  const error = refusal({ file });
  expect(error.code).toBe('DATABASE_NEWER');
  expect(error.message).toContain(file);
  expect(error.message).toContain('newer version');
});

test('a network disk is refused by its name', () => {
  const folder = tempFolder();
  const error = refusal({ file: join(folder, 'v.db'), diskType: () => 0x6969 });
  expect(error.code).toBe('DATABASE_NETWORK_DISK');
  expect(error.message).toContain('NFS');
  expect(error.message).toContain('disk of this machine');
  expect(readdirSync(folder)).toEqual([]);
});

test('reading needs a database that is there and of this version', async () => {
  const file = join(tempFolder(), 'v.db');
  expect(refusal({ file, readonly: true })).toMatchObject({
    code: 'DATABASE_UNUSABLE',
    message: expect.stringContaining('does not exist'),
  });
  await makeDatabase(file);
  const migrations = [...MIGRATIONS, { name: 'later', hash: 'x', sql: 'create table later (x)' }];
  expect(refusal({ file, readonly: true, migrations })).toMatchObject({ message: expect.stringContaining('older version') });
});

test("a new file, and what SQLite makes beside it, is its owner's alone, whatever the umask", async () => {
  const before = process.umask(0o022);
  onTestFinished(() => void process.umask(before));
  const file = `${tempFolder()}/v.db`;
  const database = openForTest({ file });
  for (const end of ['', '-wal', '-shm']) expect(statSync(`${file}${end}`).mode & 0o777).toBe(0o600);
  await database.close();
});
