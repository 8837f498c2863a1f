import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn as openTerminal } from '@lydell/node-pty';
import stringWidth from 'string-width';
import { expect, test, vi } from 'vitest';
import { defineAgent, offline } from '../../../src/index.ts';
import { createTestServer } from '../../../src/testing/index.ts';
import { afterTest } from '../../support/afterTest.ts';
import { CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';
import { openRunFolder, type RunFolder } from '../runs/runFolder.ts';

vi.setConfig({ testTimeout: 60_000 });

interface Terminal {
  /** Colours taken out. */
  text(): string;
  raw(): string;
  write(text: string): void;
  shows(pattern: RegExp): Promise<void>;
  readonly exited: Promise<number>;
}

/** The command at a terminal of its own. */
function atTerminal({ folder, url }: RunFolder, args: readonly string[], env: Readonly<Record<string, string>> = {}): Terminal {
  const { NO_COLOR: _, ...own } = process.env;
  const terminal = openTerminal(process.execPath, [VERBATIM_COMMAND, ...args], {
    cwd: folder.path,
    cols: 60,
    rows: 40,
    env: { ...own, TERM: 'xterm-256color', VERBATIM_URL: url, ...env },
  });
  afterTest(() => terminal.kill('SIGKILL'));
  let raw = '';
  terminal.onData((text) => {
    raw += text;
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are.
  const text = (): string => raw.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '');
  return {
    text,
    raw: () => raw,
    write: (typed) => terminal.write(typed),
    shows: async (pattern) => void (await vi.waitFor(() => expect(text()).toMatch(pattern), { timeout: 20_000 })),
    exited: new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode))),
  };
}

test('threads are listed and found by title, and as JSON', async () => {
  const { client, run } = await openRunFolder();
  expect((await run('threads', 'list')).stderr).toBe('There are no such threads.\n');
  const orders = await client.threads.create({ title: 'Orders of \u001b[2JMay' });
  const other = await client.send({ agent: 'counter', text: 'count to 2' });
  await other.result();
  const all = await run('threads', 'list');
  expect(all.stdout).toMatch(/^ID +TITLE +UPDATED +EVENTS +STATE +OWNER\n/);
  expect(all.stdout).toContain(`${orders.id}  Orders of ␛[2JMay  `);
  expect(all.stdout).toMatch(new RegExp(`${other.threadId} +count to 2 .* idle +you\n`));
  const found = JSON.parse((await run('threads', 'list', '--search', 'may', '--json')).stdout) as { id: string }[];
  expect(found.map(({ id }) => id)).toEqual([orders.id]);
  expect((await run('threads', 'list', '--active')).stdout).toBe('');
});

test('as JSON every thread says whose it is, your own too', async () => {
  await using server = await createTestServer({ agents: { counter: defineAgent({ description: 'Counts', model: offline() }) } });
  await using folder = new CliFolder();
  const [operator, user] = [server.as({ id: 'ops', roles: ['admin'], tenant: 'acme' }), server.as({ id: 'ann', tenant: 'acme' })];
  const own = await operator.client().threads.create({ title: 'Own' });
  const other = await user.client().threads.create({ title: 'Of Ann' });
  const command = folder.verbatim(['threads', 'list', '--all', '--json', '--url', server.url, '--token', operator.token]);
  expect(await command.exited).toMatchObject({ code: 0 });
  const rows = JSON.parse(command.stdout) as { id: string; ownerId: string }[];
  expect(rows.map(({ id, ownerId }) => [id, ownerId])).toEqual([
    [other.id, 'ann'],
    [own.id, 'ops'],
  ]);
});

test('a table fits the terminal, wide characters too, and is painted unless that is not wanted', async () => {
  const scene = await openRunFolder();
  const { client } = scene;
  await client.threads.create({ title: '日本語の題名です。'.repeat(5) });
  await (await client.send({ agent: 'counter', text: 'count to 2' })).result();
  const threads = atTerminal(scene, ['threads', 'list']);
  expect(await threads.exited).toBe(0);
  const lines = threads.text().trimEnd().split('\r\n');
  expect(lines.map((line) => stringWidth(line)).every((width) => width <= 60)).toBe(true);
  expect(threads.text()).toContain('日本語…');

  const runs = atTerminal(scene, ['runs', 'list']);
  await runs.exited;
  expect(runs.raw()).toContain('\u001b[32mcompleted\u001b[39m');
  const plain = atTerminal(scene, ['runs', 'list'], { NO_COLOR: '1' });
  await plain.exited;
  expect(plain.raw()).toContain('completed');
  expect(plain.raw()).not.toContain('\u001b[3');
});

test('a thread is exported to stdout, or to a file that is whole', async () => {
  const { folder, client, run } = await openRunFolder();
  const sent = await client.send({ agent: 'support', text: 'say \u009b31m' });
  const out = await run('threads', 'export', sent.threadId);
  const thread = JSON.parse(out.stdout) as { thread: { id: string }; messages: { text: string }[] };
  expect(thread.thread.id).toBe(sent.threadId);
  expect(thread.messages[0]?.text).toBe('say \u009b31m');
  expect(out.stdout).not.toContain('\u009b');

  const written = await run('threads', 'export', sent.threadId, '--out', 'thread.json', '--json');
  const text = readFileSync(join(folder.path, 'thread.json'), 'utf8');
  expect(JSON.parse(written.stdout)).toEqual({ threadId: sent.threadId, file: 'thread.json', bytes: Buffer.byteLength(text) });
  expect(JSON.parse(text)).toMatchObject({ format: 'verbatim.thread' });

  const missing = await run('threads', 'export', 'thread_nothing', '--out', 'other.json');
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('NOT_FOUND');
  expect(readdirSync(folder.path).filter((name) => name.startsWith('other'))).toEqual([]);
});

test('threads are deleted only when somebody says so', async () => {
  const scene = await openRunFolder();
  const { client, run } = scene;
  const [first, second] = [await client.threads.create({ title: 'First \u001b[2J' }), await client.threads.create()];
  const refused = await run('threads', 'delete', first.id);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--yes');

  const doubtful = atTerminal(scene, ['threads', 'delete', first.id]);
  await doubtful.shows(/First ␛\[2J[\s\S]*Delete it for good\? \[y\/N\]/);
  doubtful.write('\r');
  expect(await doubtful.exited).toBe(0);
  expect(doubtful.text()).toContain('Nothing was deleted.');
  expect((await client.threads.list()).items).toHaveLength(2);

  const sure = atTerminal(scene, ['threads', 'delete', first.id]);
  await sure.shows(/\[y\/N\]/);
  sure.write('y\r');
  expect(await sure.exited).toBe(0);
  const json = await run('threads', 'delete', second.id, '--yes', '--json');
  expect(JSON.parse(json.stdout)).toEqual([{ threadId: second.id }]);
  expect((await client.threads.list()).items).toEqual([]);
});
