import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { readVersion } from '../../src/cli/readVersion.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { runCommand } from '../support/spawnedCommand.ts';

vi.setConfig({ testTimeout: 120_000 });
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

async function init(folder: CliFolder, args: readonly string[]) {
  const command = folder.verbatim(['init', ...args], { npm_config_user_agent: undefined });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

test('a new project depends on this version, has its name, and says what comes next', async () => {
  await using folder = new CliFolder();
  const { code, stdout, stderr } = await init(folder, ['My Shop']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/ {2}cd "My Shop"\n {2}npm install\n {2}npm run dev .*\n {2}npm test/);
  const project = join(folder.path, 'My Shop');
  expect(manifestOf(project)).toMatchObject({ name: 'my-shop', dependencies: { 'verbatim-agents': `^${readVersion()}` } });
  expect(readFileSync(join(project, 'README.md'), 'utf8')).toMatch(/^# my-shop\n[\s\S]*npm run dev[\s\S]*npm test/);
  expect(readdirSync(project)).toContain('.gitignore');
  expect(existsSync(join(project, 'node_modules'))).toBe(false);
});

test('a folder with something in it is left as it is, unless it is forced', async () => {
  await using folder = new CliFolder();
  folder.write('notes.txt', 'mine');
  const refused = await init(folder, []);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('is not empty: it has notes.txt.');
  expect(refused.stderr).toContain('--force');
  expect(readdirSync(folder.path)).toEqual(['notes.txt']);

  expect((await init(folder, ['--force'])).code).toBe(0);
  expect(readFileSync(join(folder.path, 'notes.txt'), 'utf8')).toBe('mine');
  expect(manifestOf(folder.path).name).toMatch(/^verbatim-cli-/);
});

test('a folder that only git knows is new; a file is none', async () => {
  await using folder = new CliFolder();
  mkdirSync(join(folder.path, 'fresh', '.git'), { recursive: true });
  expect((await init(folder, ['fresh'])).code).toBe(0);
  folder.write('file', '');
  expect((await init(folder, ['file'])).stderr).toContain('is a file');
});

test.each([
  ['a version', '2.0.0', '2.0.0'],
  ['a name with one', 'verbatim-agents@next', 'next'],
  ['a tarball', './our.tgz', expect.stringMatching(/^file:\/.*\/our\.tgz$/)],
  ['a URL', 'https://example.com/our.tgz', 'https://example.com/our.tgz'],
])('--package takes %s', async (_, given, expected) => {
  await using folder = new CliFolder();
  folder.write('our.tgz', '');
  expect((await init(folder, ['new', '--package', given])).code).toBe(0);
  expect(manifestOf(join(folder.path, 'new')).dependencies['verbatim-agents']).toEqual(expected);
});

test('--package with a tarball that is not there is refused', async () => {
  await using folder = new CliFolder();
  const { code, stderr } = await init(folder, ['new', '--package', './gone.tgz']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/There is no package .*gone\.tgz/);
  expect(existsSync(join(folder.path, 'new'))).toBe(false);
});

test('what it writes type-checks, its tests pass, and its page is built', async () => {
  await using folder = new CliFolder();
  await init(folder, ['new']);
  const project = join(folder.path, 'new');
  const { dependencies, devDependencies } = manifestOf(project);
  // What test/packaging installs, from here: only the tools that run it in development are missing.
  for (const name of [...Object.keys(dependencies), ...Object.keys(devDependencies)]) {
    const source = name === 'verbatim-agents' ? ROOT : join(ROOT, 'node_modules', name);
    const target = join(project, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    if (existsSync(source)) symlinkSync(source, target);
  }
  const bin = (path: string, ...args: readonly string[]) =>
    runCommand(process.execPath, [join(ROOT, 'node_modules', path), ...args], { cwd: project });
  await bin('typescript/bin/tsc');
  await bin('vitest/vitest.mjs', 'run');
  await bin('vite/bin/vite.js', 'build');
  expect(readFileSync(join(project, 'dist/index.html'), 'utf8')).toContain('<script type="module"');

  // The types are the tool's: a wrong one is an error.
  const chat = join(project, 'src/page/chat.tsx');
  writeFileSync(chat, readFileSync(chat, 'utf8').replace("agent: 'support'", "agent: 'sales'"));
  await expect(bin('typescript/bin/tsc')).rejects.toThrow(/chat\.tsx/);
});
