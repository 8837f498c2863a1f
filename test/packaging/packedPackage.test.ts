import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectBuilt } from '../support/builtDist.ts';
import { runCommand, SpawnedCommand } from '../support/spawnedCommand.ts';

/**
 * With it, the package is installed as a user does it, which compiles SQLite on Node 20 and fetches Node 24: a minute. Without
 * it, install scripts do not run, and the compiled module is taken from this checkout.
 */
const inFull = process.env.VERBATIM_TEST_INSTALL === '1';
const INSTALL_TIMEOUT_MS = 300_000;
/** It compiles twice as fast, and nothing here asks how fast SQLite is. */
const UNOPTIMISED = { CFLAGS: '-O0', CXXFLAGS: '-O0' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'verbatim-package-'));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const nodeMajor = Number(process.versions.node.split('.')[0]);

/** The versions that this checkout was tested with, so that nothing here depends on the day. */
const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
  return `${name}@${version}`;
};

/** What the consumer has besides. */
const PACKAGES = ['zod', '@types/node', 'react', 'react-dom', '@types/react', '@types/react-dom'].map(versionOf);

function createConsumer(name: string): string {
  const consumer = join(directory, name);
  cpSync(join(root, 'test/consumer'), consumer, { recursive: true });
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  return consumer;
}

const install = (extra: readonly string[]): string[] => ['install', '--no-audit', '--no-fund', '--prefer-offline', ...extra];

let tarball = '';
let consumer = '';

beforeAll(async () => {
  expectBuilt();
  // Without scripts: it is built, and others are using dist.
  await runCommand('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: root });
  tarball = join(directory, readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? 'none');
  consumer = createConsumer('consumer');
  const packages = [tarball, ...PACKAGES];
  await runCommand('npm', install(inFull ? packages : ['--ignore-scripts', ...packages]), {
    cwd: consumer,
    env: UNOPTIMISED,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
}, INSTALL_TIMEOUT_MS);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const verbatim = (args: readonly string[], cwd = consumer): SpawnedCommand =>
  new SpawnedCommand(process.execPath, [join(consumer, 'node_modules/verbatim-agents/dist/cli/verbatim.js'), ...args], { cwd });

function borrowNativeModule(): void {
  const name = nodeMajor < 22 ? 'better-sqlite3-node20' : 'better-sqlite3';
  const built = join(root, 'node_modules', name, 'build');
  if (nodeMajor < 22) cpSync(built, join(consumer, 'node_modules', name, 'build'), { recursive: true });
}

test.skipIf(inFull || nodeMajor >= 22)('a missing native module is an error that names the remedy', async () => {
  await using command = verbatim(['serve', '--port', '0']);
  expect(await command.exited).toEqual({ code: 1, signal: null });
  expect(command.stderr).toContain('NATIVE_MODULE_MISSING');
  expect(command.stderr).toMatch(/npm rebuild|npm install/);
  expect(command.stderr).not.toContain('    at ');
});

describe('installed', () => {
  beforeAll(() => {
    if (!inFull) borrowNativeModule();
  });

  test('its types hold for a strict consumer, whose libraries are checked too', async () => {
    await runCommand(process.execPath, [tsc, '-p', consumer], { cwd: consumer });
  });

  test('the client needs no types of Node', async () => {
    await runCommand(process.execPath, [tsc, '-p', 'tsconfig.browser.json'], { cwd: consumer });
  });

  test('runs', async () => {
    await runCommand(process.execPath, [tsc, '-p', consumer], { cwd: consumer });
    const { stdout } = await runCommand(process.execPath, [join('out', 'run.js')], { cwd: consumer });
    expect(stdout).toContain('the consumer ran');
  });

  describe('verbatim-agents/react', () => {
    /** With a page for React, made before it is loaded. */
    const runReact = async (cwd: string): Promise<string> => {
      const jsdom = JSON.stringify(pathToFileURL(join(root, 'node_modules/jsdom/lib/api.js')).href);
      const page = `const { default: { JSDOM } } = await import(${jsdom}); globalThis.window = new JSDOM('', { url: 'http://localhost/' }).window;`;
      writeFileSync(
        join(cwd, 'page.mjs'),
        `${page} globalThis.document = window.document; globalThis.navigator ??= window.navigator; globalThis.HTMLIFrameElement = window.HTMLIFrameElement;`,
      );
      const { stdout } = await runCommand(process.execPath, [join('out', 'runReact.js')], { cwd, env: { PAGE: join(cwd, 'page.mjs') } });
      return stdout;
    };

    test('its types hold by what is registered, and it runs on React 19', async () => {
      await runCommand(process.execPath, [tsc, '-p', consumer], { cwd: consumer });
      expect(await runReact(consumer)).toContain('the hooks ran on React 19.');
    }, 60_000);

    test(
      'the same on React 18',
      async () => {
        // What is installed already, with another React: that is soon done, and the database module is compiled once.
        const on18 = join(directory, 'react18');
        cpSync(consumer, on18, { recursive: true, verbatimSymlinks: true });
        const packages = ['react', 'react-dom', '@types/react', '@types/react-dom'].map((name) => `${name}@18`);
        await runCommand('npm', install(['--ignore-scripts', ...packages]), { cwd: on18, timeoutMs: INSTALL_TIMEOUT_MS });
        await runCommand(process.execPath, [tsc, '-p', on18], { cwd: on18 });
        expect(await runReact(on18)).toContain('the hooks ran on React 18.');
      },
      INSTALL_TIMEOUT_MS,
    );

    test('without React the rest of the package is as ever', () => {
      const { peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      expect([peerDependencies.react, peerDependenciesMeta.react]).toEqual(['>=18', { optional: true }]);
    });
  });

  test('a wrong type is an error: the check can fail', async () => {
    writeFileSync(join(consumer, 'wrong.ts'), "import { createClient } from 'verbatim-agents/client';\ncreateClient({ url: 1 });\n");
    try {
      await expect(runCommand(process.execPath, [tsc, '-p', consumer], { cwd: consumer })).rejects.toThrow(/wrong\.ts/);
    } finally {
      rmSync(join(consumer, 'wrong.ts'));
    }
  });

  describe('without the peer of verbatim-agents/ai-sdk', () => {
    const check = join('check', 'aiSdk.ts');
    const write = (lines: readonly string[]): void => {
      mkdirSync(join(consumer, 'check'), { recursive: true });
      const options = { extends: '../tsconfig.json', compilerOptions: { outDir: '../out' }, include: ['*.ts'] };
      writeFileSync(join(consumer, 'check', 'tsconfig.json'), JSON.stringify(options));
      writeFileSync(join(consumer, check), lines.join('\n'));
    };
    const IS_ANY = 'type IsAny<T> = 0 extends 1 & T ? true : false;';
    const USE = [
      "import type { Model } from 'verbatim-agents';",
      "import { fromAiSdk } from 'verbatim-agents/ai-sdk';",
      IS_ANY,
      'const isAny: IsAny<Parameters<typeof fromAiSdk>[0]> | IsAny<ReturnType<typeof fromAiSdk>> = false;',
      '// @ts-expect-error a name is no model',
      "const model: Model = fromAiSdk('claude');",
      'console.log(isAny, model.name);',
    ];
    afterEach(() => rmSync(join(consumer, 'check'), { recursive: true, force: true }));

    test('no type of the main entry becomes any', async () => {
      expect(readdirSync(join(consumer, 'node_modules'))).not.toContain('@ai-sdk');
      const names = ['Model', 'ModelRequest', 'ModelChunk', 'OpenAIOptions', 'Tool', 'ServerOptions'];
      write([
        `import type { ${names.join(', ')} } from 'verbatim-agents';`,
        IS_ANY,
        ...names.map((name) => `export const is${name}: IsAny<${name}> = false;`),
      ]);
      await runCommand(process.execPath, [tsc, '-p', join(consumer, 'check')], { cwd: consumer });
    });

    test('its own types are an error that names the peer, and with it they hold', async () => {
      write(USE);
      const checked = () => runCommand(process.execPath, [tsc, '-p', join(consumer, 'check')], { cwd: consumer });
      await expect(checked()).rejects.toThrow(/Cannot find module '@ai-sdk\/provider'/);
      for (const name of ['@ai-sdk/provider', 'json-schema', '@types/json-schema']) {
        const from = join(root, 'node_modules', name);
        cpSync(from, join(consumer, 'node_modules', name), { recursive: true, dereference: true });
      }
      await checked();
    });
  });

  test('the client bundles for a browser, without Node, zod or the server', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(consumer, 'browser.ts')],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      platform: 'browser',
      format: 'esm',
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((input) => /node_modules\/(?:zod|ws|fastify|@trpc\/server\/dist\/adapters)\//.test(input))).toEqual([]);
    expect(inputs.filter((input) => /verbatim-agents\/dist\/(?:server|db|agents)\//.test(input))).toEqual([]);
    expect(gzipSync(outputFiles[0]?.contents ?? '').length).toBeLessThan(40 * 1024);
  });

  test('the package has what it needs and nothing else', () => {
    const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
    expect(files).toContain('package/dist/cli/verbatim.js');
    expect(files).toContain('package/LICENSE');
    expect(files).toContain('package/dist/console/index.html');
    expect(files.filter((file) => /dist\/console\/assets\/index-[\w-]+\.(?:js|css)$/.test(file))).toHaveLength(2);
    // What the console is made of is in its own files.
    expect(files.filter((file) => /\/console\/src|\.map$/.test(file) && file.startsWith('package/dist/console'))).toEqual([]);
    expect(files).toContain('package/templates/project/_gitignore');
    expect(
      files.filter((file) => !/^package\/(?:dist\/|docs\/[a-z-]+\.md$|ops\/|templates\/|[A-Z]+(?:\.md)?$|package\.json$)/.test(file)),
    ).toEqual([]);
    expect(files.filter((file) => /^package\/(?!templates\/).*(?:\.build$|(?<!\.d)\.ts$|\.test\.)/.test(file))).toEqual([]);
  });

  test('the command serves a TypeScript config that lies where nothing is installed', async () => {
    const elsewhere = join(directory, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(
      join(elsewhere, 'verbatim.config.ts'),
      `import { defineAgent, defineConfig, offline } from 'verbatim-agents';
       import { z } from 'zod';
       const counter = defineAgent({ description: 'Counts', model: offline(), contextInput: z.object({ to: z.number() }).optional() });
       export default defineConfig({ agents: { counter } });
      `,
    );
    await using command = verbatim(['serve', '--port', '0', '--db', ':memory:'], elsewhere);
    const [, url = ''] = await command.output('stdout', /^Verbatim listening on (http:\/\/127\.0\.0\.1:\d+)$/m);
    const page = await (await fetch(url)).text();
    const script = /src="(\/assets\/[^"]+)"/.exec(page)?.[1];
    expect((await fetch(`${url}${script}`)).headers.get('content-type')).toMatch(/javascript/);
    command.kill('SIGTERM');
    expect(await command.exited).toEqual({ code: 0, signal: null });
  });
});

describe.skipIf(!inFull)('on Node 24 with npm 12, no install script approved (VERBATIM_TEST_INSTALL=1)', () => {
  test(
    'installs and runs',
    async ({ skip }) => {
      const on24 = (args: readonly string[], cwd: string) =>
        runCommand('npx', ['--yes', '-p', 'node@24', '-p', 'npm@12', ...args], { cwd, timeoutMs: INSTALL_TIMEOUT_MS });
      const fetched = await on24(['node', '--version'], directory).catch((error: Error) => error);
      if (fetched instanceof Error) return skip(`Node 24 cannot be fetched here: ${fetched.message.slice(0, 300)}`);
      expect(fetched.stdout).toMatch(/^v24\./);

      const on24Consumer = createConsumer('consumer24');
      await on24(['npm', ...install([tarball, ...PACKAGES])], on24Consumer);
      await runCommand(process.execPath, [tsc, '-p', on24Consumer], { cwd: on24Consumer });
      const { stdout } = await on24(['node', join('out', 'run.js')], on24Consumer);
      expect(stdout).toContain('the consumer ran');
    },
    INSTALL_TIMEOUT_MS,
  );
});
