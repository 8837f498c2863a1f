import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OpenDatabaseOptions } from '../../src/db/openDatabase.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import type { Clock } from '../../src/protocol/clock.ts';
import { formatCursor, parseCursor } from '../../src/protocol/cursor.ts';
import { startChildServer } from './childServer.ts';
import { addEvent, openForTest } from './openForTest.ts';
import { tempFolder } from './tempFolder.ts';

/** Opens, closes and says the epoch. */
async function epochOf(options: OpenDatabaseOptions): Promise<string> {
  const database = openForTest(options);
  await database.close();
  return database.epoch;
}

/** Opens with events and closes. */
async function fill(options: OpenDatabaseOptions, ...ids: number[]): Promise<string> {
  const database = openForTest(options);
  for (const id of ids) addEvent(database, id);
  await database.close();
  return database.epoch;
}

test('an epoch can be part of a cursor', () => {
  const { epoch } = openForTest({ file: ':memory:' });
  expect(parseCursor(formatCursor(epoch, 7))).toEqual({ epoch, seq: 7 });
  expect(epoch).toMatch(/^[0-9a-z]{8}$/);
});

test('each new database has its own epoch', async () => {
  const folder = tempFolder();
  const epochs = await Promise.all(['a', 'b', 'c'].map((name) => epochOf({ file: join(folder, name) })));
  expect(new Set(epochs).size).toBe(3);
});

test('a restart keeps the epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const epoch = await fill({ file }, 1, 2);
  expect(await epochOf({ file })).toBe(epoch);
  expect(await epochOf({ file })).toBe(epoch);
});

test('kill -9 keeps the epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const child = await startChildServer(file, 20);
  await child.kill();
  const database = openForTest({ file });
  expect(database.epoch).toBe(child.epoch);
  expect(database.raw.prepare('select max(id) from events').pluck().get()).toBe(20);
});

test('an older copy put back over the file has a new epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const epoch = await fill({ file }, 1, 2);
  copyFileSync(file, `${file}.backup`);
  await fill({ file }, 3);
  copyFileSync(`${file}.backup`, file);
  const restored = await epochOf({ file });
  expect(restored).not.toBe(epoch);
  expect(await epochOf({ file })).toBe(restored);
});

test('a copy with more events than there were at the close has a new epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const epoch = await fill({ file }, 1, 2);
  copyFileSync(file, `${file}.backup`);
  const database = openForTest({ file });
  database.recordHighWater(1);
  database.raw.exec('delete from events where id = 2');
  await database.close();
  copyFileSync(`${file}.backup`, file);
  expect(await epochOf({ file })).not.toBe(epoch);
});

test('a file moved without its lock file has a new epoch', async () => {
  const folder = tempFolder();
  const file = join(folder, 'v.db');
  const epoch = await fill({ file }, 1);
  renameSync(file, join(folder, 'moved.db'));
  expect(await epochOf({ file: join(folder, 'moved.db') })).not.toBe(epoch);
});

test('a folder copied with all its files has a new epoch', async () => {
  const folder = tempFolder();
  const epoch = await fill({ file: join(folder, 'v.db') }, 1);
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  for (const name of ['v.db', 'v.db.lock']) copyFileSync(join(folder, name), join(copy, name));
  expect(await epochOf({ file: join(copy, 'v.db') })).not.toBe(epoch);
  expect(await epochOf({ file: join(folder, 'v.db') })).toBe(epoch);
});

test('a file whose lock file is gone has a new epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const epoch = await fill({ file }, 1);
  rmSync(`${file}.lock`);
  expect(await epochOf({ file })).not.toBe(epoch);
});

test('a file of another database beside the lock file has a new epoch', async () => {
  const folder = tempFolder();
  const [a, b] = [join(folder, 'a.db'), join(folder, 'b.db')];
  const epochs = [await fill({ file: a }, 1), await fill({ file: b }, 1)];
  copyFileSync(b, a);
  expect(epochs).not.toContain(await epochOf({ file: a }));
});

test('a machine that went down before the file was closed gives a new epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const child = await startChildServer(file, 1);
  await child.kill();
  expect(await epochOf({ file, bootId: 'another boot' })).not.toBe(child.epoch);
});

test('a machine that went down after the file was closed keeps the epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const epoch = await fill({ file, bootId: 'one' }, 1);
  expect(await epochOf({ file, bootId: 'two' })).toBe(epoch);
});

test('a log that lost its newest events in a crash has a new epoch', async () => {
  const file = join(tempFolder(), 'v.db');
  const child = await startChildServer(file, 5);
  await child.kill();
  const other = new (loadSqlite().Database)(file);
  other.exec('delete from events where id > 3');
  other.close();
  expect(await epochOf({ file })).not.toBe(child.epoch);
});

test('events deleted after the mark was lowered keep the epoch, also when the process is killed then', async () => {
  const file = join(tempFolder(), 'v.db');
  const child = await startChildServer(file, 5, { mark: 3 });
  await child.kill();
  const other = new (loadSqlite().Database)(file);
  other.exec('delete from events where id > 3');
  other.close();
  expect(await epochOf({ file })).toBe(child.epoch);
});

test('a mark that did not change starts no timer', async () => {
  const delays: number[] = [];
  const clock: Clock = {
    now: () => 0,
    after(delayMs) {
      delays.push(delayMs);
      return () => {};
    },
  };
  const database = openForTest({ file: join(tempFolder(), 'v.db'), clock });
  database.recordHighWater(0);
  expect(delays).toHaveLength(0);
  for (let id = 1; id <= 100; id += 1) database.recordHighWater(id);
  expect(delays).toEqual([1_000]);
});
