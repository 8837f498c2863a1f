import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backupDatabase } from '../../src/db/backup.ts';
import { openDatabase } from '../../src/db/openDatabase.ts';
import { restoreDatabase } from '../../src/db/restore.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { refusal } from './openForTest.ts';
import { command, encodedEvents, finishedThread, OWNER, openStore, send, startThread } from './storeForTest.ts';
import { tempFolder } from './tempFolder.ts';

const NOW = Date.UTC(2026, 10, 21);

const caught = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
};

describe('a backup', () => {
  test('is made beside the server that has the file, has what was committed by then, and says what is in it', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    const on = openStore(file);
    await finishedThread(on);
    await startThread(on);
    const contents = backupDatabase(file, join(folder, 'copy.db'));
    expect(contents).toMatchObject({ file: join(folder, 'copy.db'), threads: 2, messages: 3, openRuns: 1, audit: { problem: undefined } });
    expect(contents.events).toBe(on.raw.prepare('select count(*) from events').pluck().get());
    await startThread(on);
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
    expect(statSync(contents.file).mode & 0o077).toBe(0);
  });

  test('overwrites no file', () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    openStore(file);
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    expect(caught(() => backupDatabase(file, join(folder, 'mine.txt')))).toMatchObject({ code: 'OUTPUT_REFUSED' });
    expect(readFileSync(join(folder, 'mine.txt'), 'utf8')).toBe('mine');
  });

  test('of a file whose rows are not whole is refused, and leaves nothing', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    const on = openStore(file);
    const { thread } = await finishedThread(on);
    on.raw.prepare('delete from events where thread = ? and seq = 3').run(thread);
    expect(caught(() => backupDatabase(file, join(folder, 'copy.db')))).toMatchObject({
      code: 'DATABASE_CORRUPT',
      message: expect.stringContaining('have gaps'),
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  test('of another program’s file, of none, and of memory is refused by name', () => {
    const folder = tempFolder();
    const other = join(folder, 'other.db');
    new (loadSqlite().Database)(other).exec('create table t (x)').close();
    for (const name of [other, join(folder, 'none.db'), ':memory:']) {
      expect(caught(() => backupDatabase(name, join(folder, 'copy.db')))).toMatchObject({ code: 'DATABASE_UNUSABLE' });
    }
    expect(readdirSync(folder)).toEqual(['other.db']);
  });
});

describe('a restore', () => {
  /** A file with two finished threads, of which the backup has the first. Closed. */
  async function backedUp() {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    const backup = join(folder, 'copy.db');
    const database = openDatabase({ file });
    const { epoch } = database;
    await database.close();
    const on = openStore(file);
    const { threadId, thread } = await finishedThread(on, 'before');
    const events = (await encodedEvents(on, thread)).map((event) => event.json);
    const receipt = await on.store.runs.accept(send('more', { threadId, key: 'k' }));
    backupDatabase(file, backup);
    const { threadId: lostId } = await finishedThread(on, 'after');
    on.store.close();
    return { folder, file, backup, epoch, on, threadId, thread, lostId, events, receipt };
  }

  const closed = (path: string): void => {
    const raw = new (loadSqlite().Database)(path);
    raw.pragma('wal_checkpoint(TRUNCATE)');
    raw.close();
  };

  test('has a new epoch, what was there before the backup word for word, and nothing of after', async () => {
    const { folder, file, backup, epoch, threadId, thread, lostId, events, receipt } = await backedUp();
    const target = join(folder, 'new.db');
    closed(file);
    const restored = restoreDatabase(backup, target, NOW);
    expect(restored).toMatchObject({ file: target, aside: undefined, threads: 1, openRuns: 1, audit: { problem: undefined } });
    // The file itself says so, whatever lies beside it.
    expect(new (loadSqlite().Database)(target).prepare("select value from meta where key = 'epoch'").pluck().get()).not.toBe(epoch);
    const on = openStore(target);
    expect(on.store.log.epoch).not.toBe(epoch);
    expect((await encodedEvents(on, thread)).slice(0, events.length).map((event) => event.json)).toEqual(events);
    await expect(on.store.threads.get({ id: OWNER }, lostId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const again = await on.store.runs.accept(send('more', { threadId, key: 'k' }));
    expect(again.receipt).toEqual(receipt.receipt);
    expect((await on.store.runs.open()).map((run) => run.status)).toEqual(['running']);
    expect(on.raw.pragma('auto_vacuum', { simple: true })).toBe(2);
    expect((await on.store.audit.page({ limit: 10 })).map(({ actor, action }) => [actor, action])).toEqual([['cli', 'database.restore']]);
  });

  test('each time has an epoch of its own: cursors of one restored past mean nothing in the next', async () => {
    const { folder, backup } = await backedUp();
    const target = join(folder, 'new.db');
    const epochs = [];
    for (let n = 0; n < 3; n++) {
      restoreDatabase(backup, target, NOW + n);
      const database = openDatabase({ file: target });
      epochs.push(database.epoch);
      await database.close();
    }
    expect(new Set(epochs).size).toBe(3);
  });

  test('keeps the database that was there aside, with everything in it', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    const first = openDatabase({ file });
    await first.close();
    backupDatabase(file, join(folder, 'copy.db'));
    const raw = new (loadSqlite().Database)(file);
    raw.pragma('wal_autocheckpoint = 0');
    raw.prepare("insert into meta (key, value) values ('mark', 'newer')").run();
    // As a crash leaves it: what is newest is in the log beside the file.
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, join(folder, `crashed.db${suffix}`));
    raw.close();
    const crashed = join(folder, 'crashed.db');
    const { aside } = restoreDatabase(join(folder, 'copy.db'), crashed, NOW);
    expect(aside).toBe(`${crashed}.before-restore-2026-11-21T00-00-00-000Z`);
    const markOf = (path: string) => {
      const db = new (loadSqlite().Database)(path);
      try {
        return db.prepare("select value from meta where key = 'mark'").pluck().get();
      } finally {
        db.close();
      }
    };
    expect(markOf(aside ?? '')).toBe('newer');
    expect(markOf(crashed)).toBeUndefined();
  });

  test('takes the place of a damaged file, which is kept too', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    await openDatabase({ file }).close();
    backupDatabase(file, join(folder, 'copy.db'));
    writeFileSync(file, 'x'.repeat(8192));
    const { aside } = restoreDatabase(join(folder, 'copy.db'), file, NOW);
    expect(readFileSync(aside ?? '', 'utf8')).toBe('x'.repeat(8192));
    await openDatabase({ file }).close();
  });

  test('is refused while a server has the database, and changes nothing', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    const on = openStore(file);
    await finishedThread(on);
    backupDatabase(file, join(folder, 'copy.db'));
    expect(caught(() => restoreDatabase(join(folder, 'copy.db'), file, NOW))).toMatchObject({ code: 'DATABASE_LOCKED' });
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'v.db', 'v.db-shm', 'v.db-wal', 'v.db.lock']);
    await on.store.threads.create({ command: command('threads.create'), title: 'goes on', metadata: null, messages: [] });
  });

  test.each(['cut short', 'text', 'missing'])('of a backup that is %s is refused, and what was there stays', async (how) => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    const copy = join(folder, 'copy.db');
    const database = openDatabase({ file });
    const { epoch } = database;
    await database.close();
    backupDatabase(file, copy);
    if (how === 'cut short') truncateSync(copy, 40_000);
    if (how === 'text') writeFileSync(copy, 'no database');
    const error = caught(() => restoreDatabase(how === 'missing' ? join(folder, 'none.db') : copy, file, NOW));
    expect(error).toMatchObject({ code: how === 'missing' ? 'DATABASE_UNUSABLE' : 'DATABASE_CORRUPT' });
    expect(existsSync(`${file}.restoring`)).toBe(false);
    const again = openDatabase({ file });
    expect(again.epoch).toBe(epoch);
    await again.close();
  });

  test('of the database over itself, and of a folder, is refused', async () => {
    const folder = tempFolder();
    const file = join(folder, 'v.db');
    await openDatabase({ file }).close();
    expect(caught(() => restoreDatabase(file, file, NOW))).toMatchObject({ code: 'OUTPUT_REFUSED' });
    expect(caught(() => restoreDatabase(folder, file, NOW))).toMatchObject({ code: 'DATABASE_UNUSABLE' });
    expect(refusal({ file: folder }).code).toBe('DATABASE_UNUSABLE');
  });
});
