import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectBuilt } from '../support/builtDist.ts';
import { runCommand } from '../support/spawnedCommand.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'verbatim-guides-'));

/** The blocks of code of each guide, under the names that their first lines give: as they would be copied. */
const guides = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => {
    const text = readFileSync(join(ROOT, 'docs', name), 'utf8');
    const blocks = [...text.matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)].map(([, code = '']) => ({
      file: /^\/\/ (\S+\.tsx?)\n/.exec(code)?.[1],
      code,
    }));
    return { name: name.replace(/\.md$/, ''), blocks };
  })
  .filter(({ blocks }) => blocks.length > 0);

/** A project with the package, as it was built, a client generated from it, and a folder for each guide. */
beforeAll(async () => {
  expectBuilt();
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules', 'verbatim-agents'));
  for (const name of [
    'zod',
    'vitest',
    '@types/node',
    '@ai-sdk',
    '@modelcontextprotocol',
    '@opentelemetry',
    'ai',
    'react',
    'react-dom',
    '@types/react',
    '@types/react-dom',
  ]) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  symlinkSync(join(ROOT, 'dist-client'), join(folder, 'node_modules', 'verbatim-client'));
  const generated = [
    '--config',
    join(ROOT, 'test/generated/verbatim.config.ts'),
    '--out',
    'node_modules/@acme/agents',
    '--name',
    '@acme/agents',
  ];
  await runCommand(process.execPath, [join(ROOT, 'dist/cli/verbatim.js'), 'generate', ...generated], { cwd: folder });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'guides', private: true, type: 'module' }));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    jsx: 'react-jsx',
    strict: true,
    exactOptionalPropertyTypes: true,
    // Those of our package are checked by test/packaging.
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/*.ts', '*/*.tsx'] }));
  for (const { name, blocks } of guides) {
    mkdirSync(join(folder, name));
    for (const { file, code } of blocks) writeFileSync(join(folder, name, file ?? 'unnamed.ts'), code);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every block of code in a guide has a name of its own', () => {
  expect(guides.length).toBeGreaterThan(3);
  for (const { name, blocks } of guides) {
    const files = blocks.map(({ file }) => file);
    expect(files, name).not.toContain(undefined);
    expect(new Set(files).size, name).toBe(files.length);
  }
});

test('the code of the guides holds for a strict compiler', async () => {
  await runCommand(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder });
}, 60_000);

test('what each guide says is so: its tests pass', async () => {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { stdout } = await runCommand(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder });
  for (const { name, blocks } of guides)
    if (blocks.some(({ file }) => file?.endsWith('.test.ts'))) expect(stdout, name).toContain(`${name}/`);
}, 120_000);

test('the README names every guide', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  for (const { name } of guides) expect(readme).toContain(`docs/${name}.md`);
});
