import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient, type JsonApi } from '../../src/client/index.node.ts';
import { loadSqlite } from '../../src/db/sqlite.ts';
import { CliFolder } from '../support/cliFolder.ts';

async function done(
  folder: CliFolder,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const command = folder.verbatim(args);
  const { code } = await command.exited;
  return { code, out: command.stdout, err: command.stderr };
}

test('audit, backup and restore need no server, and work beside one; an export needs one', async () => {
  await using folder = new CliFolder();
  const { command, url } = await folder.serve();
  const client = createClient<JsonApi>({ url });
  const run = await client.send({ agent: 'assistant', text: 'count to 3' });
  await run.result();
  const gone = await client.threads.create({});
  await client.threads.delete({ threadId: gone.id });

  const list = await done(folder, 'audit', 'list');
  expect(list.code).toBe(0);
  expect(list.out).toMatch(/ok {7}server {2}server\.start/);
  expect(list.out).toMatch(new RegExp(`ok {7}local {2}threads\\.delete {2}${gone.id} {2}(127\\.0\\.0\\.1|::)`));
  const filtered = await done(folder, 'audit', 'list', '--actor', 'local', '--since', '2020-01-01', '--limit', '1', '--json');
  expect(JSON.parse(filtered.out)).toMatchObject({ actor: 'local', action: 'threads.delete', target: gone.id });
  expect((await done(folder, 'audit', 'list', '--until', '2020-01-01')).out).toBe('');
  const whole = await done(folder, 'audit', 'verify');
  expect([whole.code, whole.out]).toEqual([0, expect.stringMatching(/^whole: 2 entries\nhead: 2:[\w-]+ /)]);
  const head = /head: (\S+)/.exec(whole.out)?.[1] ?? '';

  expect((await done(folder, 'backup', 'copy.db')).out).toMatch(
    /verified: 1 threads, 2 messages, \d+ events, 0 open runs, \d+ bytes, audit log whole/,
  );
  expect(JSON.parse((await done(folder, 'backup', 'second.db', '--json')).out)).toMatchObject({ threads: 1, messages: 2 });
  const again = await done(folder, 'backup', 'copy.db');
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('is there already')]);

  const exported = await done(folder, 'threads', 'export', run.threadId, '--url', url);
  expect(JSON.parse(exported.out)).toMatchObject({ format: 'verbatim.thread', thread: { id: run.threadId } });
  expect((await done(folder, 'threads', 'export', gone.id, '--url', url)).err).toContain('NOT_FOUND');

  const busy = await done(folder, 'restore', 'copy.db');
  expect([busy.code, busy.err]).toEqual([1, expect.stringContaining('DATABASE_LOCKED')]);
  await client.close();
  command.kill('SIGTERM');
  await command.exited;
  const restored = await done(folder, 'restore', 'copy.db');
  expect(restored.code).toBe(0);
  expect(restored.out).toMatch(/the database that was there: \S+before-restore-/);
  expect(existsSync(/there: (\S+)/.exec(restored.out)?.[1] ?? '')).toBe(true);
  expect((await done(folder, 'threads', 'export', run.threadId, '--url', url)).err).toContain('Start one with "verbatim serve"');

  // The log of then and the entry of the restore: an earlier head holds, one of what was lost does not.
  expect((await done(folder, 'audit', 'verify', '--head', head)).code).toBe(0);
  const lines = (await done(folder, 'audit', 'export')).out.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { action: string }).action)).toEqual([
    'server.start',
    'threads.delete',
    'database.restore',
  ]);
  const raw = new (loadSqlite().Database)(join(folder.path, 'verbatim.db'));
  raw.exec('drop trigger audit_log_no_delete; delete from audit_log where id = 2');
  raw.close();
  const broken = await done(folder, 'audit', 'verify');
  expect([broken.code, broken.out]).toEqual([1, 'NOT WHOLE: row 2 is missing. Before it, 1 entries are as they were written.\n']);
}, 60_000);
