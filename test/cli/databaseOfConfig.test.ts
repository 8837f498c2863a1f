import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliFolder } from '../support/cliFolder.ts';

// A timer that never ends, as a pool of connections has one.
const CONFIG = `
import { defineAgent, offline } from 'verbatim-agents';
setInterval(() => {}, 1_000);
export default { agents: { assistant: defineAgent({ description: 'a', model: offline() }) }, database: 'file:auth.db' };
`;

async function run(folder: CliFolder, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = folder.verbatim(args, env);
  command.endInput();
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

const databases = (folder: CliFolder): string[] => readdirSync(folder.path).filter((name) => /^\w+\.db$/.test(name));

test('commands on the file work on the database of the config, and say so on stderr', { timeout: 60_000 }, async () => {
  await using folder = new CliFolder();
  folder.write('verbatim.config.mjs', CONFIG);
  const said = `database: ${join(folder.path, 'auth.db')} (verbatim.config.mjs)\n`;

  // Who only reads makes no file.
  for (const args of [
    ['audit', 'verify'],
    ['audit', 'list'],
    ['backup', 'copy.db'],
    ['users', 'list'],
    ['keys', 'list'],
  ]) {
    expect(await run(folder, args)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^database: \S+auth\.db \(verbatim\.config\.mjs\)\n[\s\S]*auth\.db does not exist/),
    });
  }
  expect(readdirSync(folder.path)).toEqual(['verbatim.config.mjs']);

  expect(await run(folder, ['users', 'create', 'ann', '--roles', 'admin', '--no-password'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(said),
  });
  const made = await run(folder, ['keys', 'create', '--name', 'robot']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^vbk_\S+\n$/), stderr: expect.stringContaining(said) });
  expect(databases(folder)).toEqual(['auth.db']);
  expect((await run(folder, ['users', 'list'])).stdout).toContain('ann');
  expect((await run(folder, ['audit', 'list'])).stdout).toMatch(/users\.create[\s\S]*keys\.create/i);
  expect(await run(folder, ['audit', 'verify'])).toMatchObject({ code: 0, stdout: expect.stringContaining('whole: 2 entries') });
  expect(await run(folder, ['backup', 'copy.db'])).toMatchObject({ code: 0, stderr: said });
});

test('a flag goes before a variable, a variable before the config that --config names', { timeout: 60_000 }, async () => {
  await using folder = new CliFolder();
  const file = folder.write('other.config.mjs', CONFIG);
  const create = (...args: string[]) => ['users', 'create', 'ann', '--no-password', ...args];
  expect(await run(folder, create('--config', file, '--db', 'flag.db'), { VERBATIM_DATABASE: 'variable.db' })).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining('database:'),
  });
  expect(databases(folder)).toEqual(['flag.db']);
  expect((await run(folder, create('--config', file), { VERBATIM_DATABASE: 'variable.db' })).stderr).toContain('(VERBATIM_DATABASE)');
  expect(databases(folder)).toEqual(['flag.db', 'variable.db']);
  expect((await run(folder, create('--config', file))).stderr).toContain('(other.config.mjs)');
  expect(databases(folder)).toEqual(['auth.db', 'flag.db', 'variable.db']);
  expect((await run(folder, create())).stderr).toContain('verbatim.db (the default: nothing names another)');
});

test('a config that cannot be loaded, or keeps its database in memory, is an error that names --db', { timeout: 60_000 }, async () => {
  await using folder = new CliFolder();
  folder.write('verbatim.config.mjs', 'throw new Error("no key");');
  expect(await run(folder, ['audit', 'verify'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/no key[\s\S]*--db/) });
  folder.write('verbatim.config.mjs', CONFIG.replace('file:auth.db', ':memory:'));
  expect(await run(folder, ['audit', 'verify'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/in memory[\s\S]*--db/) });
});
