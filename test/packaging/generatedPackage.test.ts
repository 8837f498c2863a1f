import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CliFolder, VERBATIM_COMMAND } from '../support/cliFolder.ts';
import { runCommand } from '../support/spawnedCommand.ts';

const INSTALL_TIMEOUT_MS = 300_000;
vi.setConfig({ testTimeout: 120_000 });
const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'verbatim-generated-'));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const config = join(root, 'test/generated/verbatim.config.ts');

/** Types of Node for the program, and the compiler, which is a peer of tRPC. */
const NOT_ITS_OWN = ['@types', 'undici-types', 'typescript', '@typescript'];

const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
  return `${name}@${version}`;
};

/** An empty project with these packages, from the registry of this machine and without install scripts. */
async function createProject(name: string, packages: readonly string[]): Promise<string> {
  const project = join(directory, name);
  cpSync(join(root, 'test/generated'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...packages, versionOf('@types/node')];
  await runCommand('npm', args, { cwd: project, timeoutMs: INSTALL_TIMEOUT_MS });
  return project;
}

async function check(project: string, file: string, options: object = {}): Promise<void> {
  writeFileSync(
    join(project, 'tsconfig.one.json'),
    JSON.stringify({ extends: './tsconfig.json', compilerOptions: options, files: [file] }),
  );
  await runCommand(process.execPath, [tsc, '-p', 'tsconfig.one.json'], { cwd: project });
}

async function pack(folder: string): Promise<string> {
  const { stdout } = await runCommand('npm', ['pack', '--ignore-scripts', '--pack-destination', directory, '--json'], { cwd: folder });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(directory, filename);
}

let client = '';
let generated = '';
let program = '';

beforeAll(async () => {
  const sdk = join(directory, 'sdk');
  await runCommand(process.execPath, [VERBATIM_COMMAND, 'generate', '--config', config, '--out', sdk, '--name', '@acme/agents'], {
    cwd: root,
  });
  client = await pack(join(root, 'dist-client'));
  generated = await pack(sdk);
  program = await createProject('program', [client, generated]);
}, INSTALL_TIMEOUT_MS);

afterAll(() => rm(directory, { recursive: true, force: true }), INSTALL_TIMEOUT_MS);

test('it is installed without the server, zod, or anything native', () => {
  const installed = readdirSync(join(program, 'node_modules')).filter((name) => !name.startsWith('.') && !NOT_ITS_OWN.includes(name));
  expect(installed.sort()).toEqual(['@acme', '@trpc', 'copy-anything', 'partial-json', 'superjson', 'verbatim-client', 'ws']);
  expect(readdirSync(join(program, 'node_modules/@trpc')).sort()).toEqual(['client', 'server']);
});

test('a strict program type-checks with it, its libraries too, and runs against the real server', async () => {
  await check(program, 'program.ts');
  await using folder = new CliFolder();
  const { url } = await folder.serve(['--db', ':memory:', '--config', config]);
  const { stdout } = await runCommand(process.execPath, [join('out', 'program.js'), url], { cwd: program });
  expect(stdout).toContain('the program ran');
});

test('a wrong type is an error: the check can fail', async () => {
  writeFileSync(
    join(program, 'wrong.ts'),
    "import { createClient } from '@acme/agents';\ncreateClient({ url: '' }).send({ agent: 'judge', text: 1 });\n",
  );
  await expect(check(program, 'wrong.ts')).rejects.toThrow(/wrong\.ts/);
});

test('it bundles for a browser, without Node', async () => {
  const { metafile } = await build({
    stdin: {
      contents: "export { createClient } from '@acme/agents'; export { refundInput } from '@acme/agents/schemas';",
      resolveDir: program,
    },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    logLevel: 'silent',
  });
  expect(Object.keys(metafile.inputs).filter((input) => /node_modules\/(?:ws|zod|verbatim-agents)\//.test(input))).toEqual([]);
});

test.skipIf(globalThis.WebSocket !== undefined)('where Node has no WebSocket and ws was left out, it says what to do', async () => {
  const without = join(directory, 'without-ws');
  cpSync(program, without, { recursive: true, filter: (file) => !file.endsWith('/node_modules/ws') });
  writeFileSync(join(without, 'one.mjs'), "import { createClient } from '@acme/agents';\ncreateClient({ url: 'ws://127.0.0.1:1' });\n");
  await expect(runCommand(process.execPath, ['one.mjs'], { cwd: without })).rejects.toThrow(/install the package "ws", use Node 22/);
});

describe('with verbatim-agents as a development dependency', () => {
  let frontEnd = '';
  beforeAll(async () => {
    frontEnd = await createProject('front-end', [client, generated, await pack(root), versionOf('zod')]);
    const native = Number(process.versions.node.split('.')[0]) < 22 ? 'better-sqlite3-node20' : undefined;
    // Install scripts do not run here: the compiled module is that of this checkout.
    if (native !== undefined)
      cpSync(join(root, 'node_modules', native, 'build'), join(frontEnd, 'node_modules', native, 'build'), { recursive: true });
  }, INSTALL_TIMEOUT_MS);

  test('a front-end team tests against scripted agents', async () => {
    // The types of verbatim-agents are checked by packedPackage.test.ts.
    await check(frontEnd, 'frontEnd.ts', { skipLibCheck: true });
    const { stdout } = await runCommand(process.execPath, [join('out', 'frontEnd.js')], { cwd: frontEnd });
    expect(stdout).toContain('the front-end test ran');
  });

  test('the generated types are those that the compiler infers from the code of the agents', async () => {
    // A field that may be absent is not one that may be undefined: zod cannot say which.
    await check(frontEnd, 'sameApi.ts', { exactOptionalPropertyTypes: false, noEmit: true, skipLibCheck: true });
  });
});
