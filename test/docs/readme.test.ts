import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectBuilt } from '../support/builtDist.ts';
import { runCommand, SpawnedCommand } from '../support/spawnedCommand.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'verbatim-readme-'));

/** The code blocks that begin with their file's name, as they would be copied. */
const files = [...readme.matchAll(/^( *)```ts\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', code = '']) => {
  const text = code.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
  return { name: /^\/\/ (\S+\.ts)\n/.exec(text)?.[1], text };
});
const textOf = (name: string): string => files.find((file) => file.name === name)?.text ?? '';

/** An empty project that has the package, zod and vitest installed. */
beforeAll(async () => {
  expectBuilt();
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules', 'verbatim-agents'));
  for (const name of ['zod', 'vitest', '@types/node']) symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'readme', private: true, type: 'module' }));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    // Vitest's own are not ours to check; those of our package are, by test/packaging.
    skipLibCheck: true,
    types: ['node'],
    outDir: 'out',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  for (const { name, text } of files) writeFileSync(join(folder, name ?? 'unnamed.ts'), text);
  await runCommand(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every block of code has a name, and all of them hold for a strict compiler', () => {
  const names = ['server.ts', 'client.ts', 'support.test.ts', 'verbatim.config.ts', 'authenticate.ts'];
  expect(files.map(({ name }) => name)).toEqual(names);
});

test.each(['server.ts', 'client.ts'])('%s has at most 15 lines of code', (name) => {
  const lines = textOf(name)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(15);
});

test('the server serves, and the client gets its answer', async () => {
  // Another port than 3000, which somebody may be using.
  const listening = readFileSync(join(folder, 'out/server.js'), 'utf8').replace('port: 3000', 'port: 0');
  writeFileSync(join(folder, 'out/server.js'), listening);
  await using server = new SpawnedCommand(process.execPath, ['out/server.js'], { cwd: folder, env: { VERBATIM_OFFLINE_TPS: '0' } });
  const [url = ''] = await server.output('stdout', /http:\S+/);
  writeFileSync(join(folder, 'out/client.js'), readFileSync(join(folder, 'out/client.js'), 'utf8').replace('http://127.0.0.1:3000', url));
  const client = await runCommand(process.execPath, ['out/client.js'], { cwd: folder });
  const answer = Array.from({ length: 20 }, (_, i) => i + 1).join(' ');
  expect(client.stdout).toBe(`${answer}\ncompleted: ${answer.length} characters, 20 tokens\n`);
});

test('the test passes', async () => {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { stdout } = await runCommand(process.execPath, [vitest, 'run', '--root', folder, 'support.test.ts'], { cwd: folder });
  expect(stdout).toMatch(/1 passed/);
});

test('the config is served', async () => {
  const command = [join(ROOT, 'dist/cli/verbatim.js'), 'serve', '--port', '0', '--db', ':memory:'];
  await using server = new SpawnedCommand(process.execPath, command, { cwd: folder });
  await server.output('stdout', /^Verbatim listening on http:\/\/127\.0\.0\.1:\d+\n/);
  await server.output('stderr', /config: .*verbatim\.config\.ts/);
});

test.each(['npm ci && npm start', 'npm ci && npm test'])('says %s', (command) => {
  expect(readme).toContain(`\n\`\`\`\n${command}\n\`\`\`\n`);
});

test('what the documents link to is there', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((name) => readFileSync(join(ROOT, name), 'utf8')).join('\n');
  const links = [...documents.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(5);
  for (const path of links) expect(existsSync(join(ROOT, path)), path).toBe(true);
});

test('the files that ARCHITECTURE.md names are there', () => {
  const architecture = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const names = [...architecture.matchAll(/`([\w./]+\.ts)`/g)].map(([, name = '']) => name.split('/').at(-1) ?? name);
  const sources = ['src', 'console/src', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }),
  );
  const existing = new Set(sources.map((path) => path.split('/').at(-1)));
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !existing.has(name))).toEqual([]);
});
