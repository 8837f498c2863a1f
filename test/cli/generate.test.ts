import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainError } from '../../src/cli/explainError.ts';
import { type GenerateFlags, generate } from '../../src/cli/generate.ts';
import { paintFor } from '../../src/cli/paint.ts';
import { ERROR_CODES } from '../../src/protocol/errorCodes.ts';
import { CliFolder } from '../support/cliFolder.ts';

const config = (agents: string): string => `import { defineAgent, defineConfig, defineTool, offline } from 'verbatim-agents';
import { z } from 'zod';
${agents}
export default defineConfig({ agents });
`;

const LOOKUP = `const lookupOrder = defineTool({
  name: 'lookup_order', description: 'Finds an order', input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string(), total: z.number() }), execute: () => ({ status: '', total: 0 }),
});`;
const SUPPORT = config(`${LOOKUP}
const agents = { support: defineAgent({ description: 'Helps', model: offline(), tools: [lookupOrder] }) };`);
/** The same, in another order of fields. */
const REORDERED = SUPPORT.replace(
  'z.object({ status: z.string(), total: z.number() })',
  'z.object({ total: z.number(), status: z.string() })',
);
const NARROWED = SUPPORT.replace('z.object({ orderId: z.string() })', 'z.object({ orderId: z.string(), amount: z.number() })');
const WITHOUT_TOOL = config(`const agents = { support: defineAgent({ description: 'Helps', model: offline() }) };`);

/** Its commands run in this process, which takes a tenth of the time of one of their own. */
class GenerateFolder extends CliFolder {
  #config: string | undefined;

  /** Under a new name each time: a process loads a module once. */
  configure(text: string): void {
    const old = this.#config;
    this.#config = `config${Number(old?.match(/\d+/)?.[0] ?? 0) + 1}.ts`;
    this.write(this.#config, text);
    if (old !== undefined) rmSync(join(this.path, old));
  }

  async generate(flags: Partial<GenerateFlags> = {}): Promise<{ readonly code: number; readonly stdout: string; readonly error?: string }> {
    let stdout = '';
    const print = (line: string): void => {
      stdout += `${line}\n`;
    };
    try {
      const code = await generate(
        { out: 'sdk', ...(this.#config !== undefined && { config: this.#config }), ...flags },
        { cwd: this.path, paint: paintFor({}), print },
      );
      return { code, stdout };
    } catch (error) {
      return { code: 1, stdout, error: explainError(error) };
    }
  }

  file(name: string): string {
    return readFileSync(join(this.path, 'sdk', name), 'utf8');
  }

  get files(): Record<string, string> {
    const names = readdirSync(join(this.path, 'sdk')).sort();
    return Object.fromEntries(names.map((name) => [name, this.file(name)]));
  }
}

function folderWith(text: string): GenerateFolder {
  const folder = new GenerateFolder();
  folder.configure(text);
  return folder;
}

test('writes a package whose version is the release and the hash of the contract', async () => {
  await using folder = folderWith(SUPPORT);
  const { code, stdout } = await folder.generate({ name: '@acme/agents' });
  expect(stdout).toMatch(/^wrote @acme\/agents \d+\.\d+\.\d+-c[0-9a-f]{12} to sdk\n$/);
  expect(code).toBe(0);
  const { name, version, dependencies } = JSON.parse(folder.file('package.json'));
  expect(stdout).toContain(`${name} ${version}`);
  expect(Object.keys(dependencies)).toEqual(['verbatim-client']);
  expect(folder.file('api.d.ts')).toContain('/** Finds an order */\n    lookup_order: LookupOrderTool;');
  expect(readdirSync(folder.path).sort()).toEqual(['config1.ts', 'sdk']);
});

test('has every error that a client can meet, with what PROTOCOL.md says of it', async () => {
  await using folder = folderWith(SUPPORT);
  await folder.generate();
  const api = folder.file('api.d.ts');
  const printed = [...api.matchAll(/\*\/\n {2}([A-Z_]+): \{ code: '\1'; message: string; retryable: boolean \};$/gm)].map(
    ([, code]) => code,
  );
  const ofOperators = /^(?:DATABASE_|NATIVE_|CONFIG_|OUTPUT_REFUSED)/;
  expect(printed).toEqual(expect.arrayContaining(Object.keys(ERROR_CODES).filter((code) => !ofOperators.test(code))));
  expect(api).toContain("  /** Of a run: `runTimeoutMs`. The same call may succeed later. */\n  RUN_TIMEOUT: { code: 'RUN_TIMEOUT';");
  expect(api).not.toContain('DATABASE_LOCKED');
});

test('the same contract gives the same bytes, in whatever order it was written', async () => {
  await using folder = folderWith(SUPPORT);
  await using other = folderWith(REORDERED);
  await Promise.all([folder.generate(), other.generate()]);
  expect(other.files).toEqual(folder.files);
  const before = statSync(join(folder.path, 'sdk/index.js')).mtimeMs;
  expect((await folder.generate()).stdout).toBe('unchanged sdk\n');
  expect(statSync(join(folder.path, 'sdk/index.js')).mtimeMs).toBe(before);
});

test('another contract gives another version', async () => {
  await using folder = folderWith(SUPPORT);
  await folder.generate();
  const { version } = JSON.parse(folder.file('package.json'));
  folder.configure(NARROWED);
  await folder.generate();
  expect(JSON.parse(folder.file('package.json')).version).not.toBe(version);
});

describe('--check', () => {
  test('says nothing is stale, and exits with 0', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    expect(await folder.generate({ check: true })).toEqual({ code: 0, stdout: 'fresh sdk is what the agents say\n' });
  });

  test('exits with 1 where there is nothing, and makes nothing', async () => {
    await using folder = folderWith(SUPPORT);
    expect(await folder.generate({ check: true })).toMatchObject({ code: 1, stdout: expect.stringMatching(/^missing sdk/) });
    expect(existsSync(join(folder.path, 'sdk'))).toBe(false);
  });

  test('exits with 1 when it is stale, names what broke apart from the rest, and writes nothing', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    const before = folder.files;
    folder.configure(NARROWED.replace("'Helps'", "'Helps people'"));
    const { code, stdout } = await folder.generate({ check: true });
    expect(code).toBe(1);
    expect(stdout).toContain('stale sdk: README.md, api.d.ts, contract.json');
    expect(stdout).toContain('Breaking changes:\n  narrowed input of tool lookup_order: amount is now required\n');
    expect(stdout).toContain('Other changes:\n  reworded the description of agent support\n');
    expect(folder.files).toEqual(before);
  });

  test('names a tool that is gone', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    folder.configure(WITHOUT_TOOL);
    expect((await folder.generate({ check: true })).stdout).toContain(
      'Breaking changes:\n  removed tool lookup_order from agent support\n',
    );
  });

  test('sees a file that was edited or removed', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    writeFileSync(join(folder.path, 'sdk/index.d.ts'), 'export {};');
    rmSync(join(folder.path, 'sdk/schemas.js'));
    const { code, stdout } = await folder.generate({ check: true });
    expect(code).toBe(1);
    expect(stdout).toContain('stale sdk: index.d.ts, schemas.js\nThe contract is the same');
  });
});

test('a change is named when it is written too, and the name of the package stays', async () => {
  await using folder = folderWith(SUPPORT);
  await folder.generate({ name: '@acme/agents' });
  folder.configure(WITHOUT_TOOL);
  expect((await folder.generate()).stdout).toMatch(
    /^wrote @acme\/agents .*\nBreaking changes:\n {2}removed tool lookup_order from agent support\n$/,
  );
});

describe('the folder', () => {
  test('of somebody else is refused and left as it is', async () => {
    await using folder = folderWith(SUPPORT);
    mkdirSync(join(folder.path, 'sdk'));
    writeFileSync(join(folder.path, 'sdk/package.json'), '{ "name": "mine" }');
    const { error, stdout } = await folder.generate();
    expect(stdout).toBe('');
    expect(error).toMatch(/^.*sdk is not empty, and was not made by `verbatim generate`\..*\(OUTPUT_REFUSED\)$/);
    expect(folder.files).toEqual({ 'package.json': '{ "name": "mine" }' });
  });

  test('that is a file is refused', async () => {
    await using folder = folderWith(SUPPORT);
    folder.write('sdk', 'mine');
    expect((await folder.generate()).error).toMatch(/is not a folder.*OUTPUT_REFUSED/);
  });

  test('that is empty but for a repository, or a link to one made before, is used', async () => {
    await using folder = folderWith(SUPPORT);
    mkdirSync(join(folder.path, 'real/.git'), { recursive: true });
    expect((await folder.generate({ out: 'real' })).code).toBe(0);
    symlinkSync('real', join(folder.path, 'sdk'));
    expect((await folder.generate({ check: true })).code).toBe(0);
  });

  test('keeps what is not of the package, and loses what no longer is', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    mkdirSync(join(folder.path, 'sdk/node_modules'));
    writeFileSync(join(folder.path, 'sdk/node_modules/kept'), '');
    // As an older release made it.
    writeFileSync(join(folder.path, 'sdk/old.js'), '');
    const manifest = JSON.parse(folder.file('package.json'));
    writeFileSync(
      join(folder.path, 'sdk/package.json'),
      JSON.stringify({ ...manifest, files: [...manifest.files, 'old.js', '../config1.ts'] }),
    );
    expect((await folder.generate()).code).toBe(0);
    const names = readdirSync(join(folder.path, 'sdk'));
    expect(names).toContain('node_modules');
    expect(names).not.toContain('old.js');
    expect(existsSync(join(folder.path, 'config1.ts'))).toBe(true);
  });

  test('is not made when the config cannot be loaded', async () => {
    await using folder = folderWith('export default {');
    expect((await folder.generate()).error).toMatch(/cannot be loaded.*CONFIG_INVALID/s);
    expect(existsSync(join(folder.path, 'sdk'))).toBe(false);
  });
});

test('no config, and a name that npm would refuse, are errors that say what to do', async () => {
  await using folder = new GenerateFolder();
  expect((await folder.generate()).error).toMatch(/There is no verbatim\.config.*--config.*CONFIG_INVALID/);
  folder.configure(SUPPORT);
  expect((await folder.generate({ name: 'My Agents' })).error).toMatch(/"My Agents" is not the name of a package.*--name.*BAD_INPUT/);
});

describe('the command', () => {
  test('ends although the config left something open, and with 1 when the package is stale', async () => {
    await using folder = new CliFolder();
    folder.write('verbatim.config.ts', `setInterval(() => {}, 1_000);\n${SUPPORT}`);
    const made = folder.verbatim(['generate', '--out', 'sdk', '--name', '@acme/agents']);
    expect(await made.exited).toEqual({ code: 0, signal: null });
    expect(made.stdout).toMatch(/^wrote @acme\/agents .* to sdk\n$/);
    writeFileSync(join(folder.path, 'sdk/index.js'), '');
    const checked = folder.verbatim(['generate', '--out', 'sdk', '--check']);
    expect((await checked.exited).code).toBe(1);
    expect(checked.stdout).toContain('stale sdk: index.js\n');
  }, 60_000);

  test('says what is wrong on stderr, in a line', async () => {
    await using folder = new CliFolder();
    const command = folder.verbatim(['generate', '--out', 'sdk']);
    expect((await command.exited).code).toBe(1);
    expect(command.stderr).toMatch(/^verbatim: There is no verbatim\.config.*\(CONFIG_INVALID\)\n$/);
    expect(command.stdout).toBe('');
  });

  test('--help shows an example', async () => {
    await using folder = new CliFolder();
    const command = folder.verbatim(['generate', '--help']);
    await command.exited;
    expect(command.stdout).toContain('verbatim generate --config verbatim.config.ts --out ../web/agents --name @acme/agents');
    expect(command.stdout).toContain('--check');
  });
});
