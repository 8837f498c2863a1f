import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startCheckpoints } from '../../src/db/checkpoints.ts';
import type { OpenDatabase } from '../../src/db/openDatabase.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { systemClock } from '../../src/protocol/clock.ts';
import { startChild } from './childProcess.ts';
import { openForTest } from './openForTest.ts';
import { tempFolder } from './tempFolder.ts';

const PAGE_BYTES = 4_096;

/** Commits about a megabyte in small transactions, a millisecond apart, as the group commit does at its busiest. */
async function writeMegabyte({ raw }: OpenDatabase): Promise<void> {
  const insert = raw.prepare(
    'insert into events (thread, seq, run, v, json) values (1, (select coalesce(max(id), 0) + 1 from events), 1, 1, hex(randomblob(1500)))',
  );
  for (let commit = 0; commit < 80; commit += 1) {
    raw
      .transaction(() => {
        for (let row = 0; row < 4; row += 1) insert.run();
      })
      .immediate();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const walBytes = (file: string): number => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;

test('the log stays short while a writer never pauses, and is emptied when it does', async () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file, checkpointPages: 100, checkpointIdleMs: 200 });
  let longest = 0;
  for (let megabyte = 0; megabyte < 24; megabyte += 1) {
    await writeMegabyte(database);
    longest = Math.max(longest, walBytes(file));
  }
  expect(statSync(file).size).toBeGreaterThan(20e6);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(20 * 100 * PAGE_BYTES);
  await vi.waitFor(() => expect(walBytes(file)).toBe(0), { timeout: 10_000 });
});

test('the log is gone after close, and all rows are in the file', async () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file });
  await writeMegabyte(database);
  expect(walBytes(file)).toBeGreaterThan(1e6);
  await database.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
  expect(openForTest({ file }).raw.prepare('select count(*) from events').pluck().get()).toBe(320);
});

test('a reader that stays does not hold the writer up, and the log is emptied when it has gone', async () => {
  const file = join(tempFolder(), 'v.db');
  const database = openForTest({ file, checkpointPages: 50, checkpointIdleMs: 50 });
  await writeMegabyte(database);
  const reader = new (loadSqlite().Database)(file, { readonly: true });
  reader.exec('begin');
  const seen = reader.prepare('select count(*) from events').pluck();
  const before = seen.get();
  const started = performance.now();
  for (let megabyte = 0; megabyte < 3; megabyte += 1) await writeMegabyte(database);
  expect(performance.now() - started).toBeLessThan(4_000);
  expect(seen.get()).toBe(before);
  reader.close();
  await vi.waitFor(() => expect(walBytes(file)).toBe(0), { timeout: 10_000 });
});

test('while its thread cannot work commits look after the log, until a new thread works', async () => {
  const parent = tempFolder();
  const folder = join(parent, 'data');
  mkdirSync(folder);
  const raw = new (loadSqlite().Database)(join(folder, 'v.db'));
  raw.pragma('journal_mode = WAL');
  raw.exec('create table t (x)');
  const autocheckpoint = () => raw.pragma('wal_autocheckpoint', { simple: true });
  // The open connection goes on in the folder's new place; a thread that opens the file by name dies.
  renameSync(folder, join(parent, 'away'));
  const checkpoints = startCheckpoints({ raw, clock: systemClock });
  onTestFinished(async () => {
    await checkpoints.close();
    raw.close();
  });
  await vi.waitFor(() => expect(autocheckpoint()).toBe(1_000), { timeout: 5_000 });
  raw.exec('insert into t values (1)');
  renameSync(join(parent, 'away'), folder);
  await vi.waitFor(() => expect(autocheckpoint()).toBe(0), { timeout: 5_000 });
});

test('an open database does not keep the process alive', async () => {
  const child = startChild('./openAndReturn.ts', join(tempFolder(), 'v.db'));
  expect(await child.exited).toBe(0);
});
