import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

class GenerateFolder extends CliFolder {
  async generate(...args: string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const command = this.verbatim(['generate', '--out', 'sdk', ...args]);
    const { code } = await command.exited;
    return { code, stdout: command.stdout, stderr: command.stderr };
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
  folder.write('verbatim.config.ts', text);
  return folder;
}

test('writes a package whose version is the release and the hash of the contract', async () => {
  await using folder = folderWith(SUPPORT);
  const { code, stdout } = await folder.generate('--name', '@acme/agents');
  expect(stdout).toMatch(/^wrote @acme\/agents \d+\.\d+\.\d+-c[0-9a-f]{12} to sdk\n$/);
  expect(code).toBe(0);
  const { name, version, dependencies } = JSON.parse(folder.file('package.json'));
  expect(stdout).toContain(`${name} ${version}`);
  expect(Object.keys(dependencies)).toEqual(['verbatim-client']);
  expect(folder.file('api.d.ts')).toContain('/** Finds an order */\n    lookup_order: LookupOrderTool;');
  expect(readdirSync(folder.path).sort()).toEqual(['sdk', 'verbatim.config.ts']);
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
  folder.write('verbatim.config.ts', NARROWED);
  await folder.generate();
  expect(JSON.parse(folder.file('package.json')).version).not.toBe(version);
});

describe('--check', () => {
  test('says nothing is stale, and exits with 0', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    expect(await folder.generate('--check')).toEqual({ code: 0, stdout: 'fresh sdk is what the agents say\n', stderr: '' });
  });

  test('exits with 1 where there is nothing, and makes nothing', async () => {
    await using folder = folderWith(SUPPORT);
    expect(await folder.generate('--check')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^missing sdk/) });
    expect(existsSync(join(folder.path, 'sdk'))).toBe(false);
  });

  test('exits with 1 when it is stale, names what broke apart from the rest, and writes nothing', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    const before = folder.files;
    folder.write('verbatim.config.ts', NARROWED.replace("'Helps'", "'Helps people'"));
    const { code, stdout } = await folder.generate('--check');
    expect(code).toBe(1);
    expect(stdout).toContain('stale sdk: README.md, api.d.ts, contract.json');
    expect(stdout).toContain('Breaking changes:\n  narrowed input of tool lookup_order: amount is now required\n');
    expect(stdout).toContain('Other changes:\n  reworded the description of agent support\n');
    expect(folder.files).toEqual(before);
  });

  test('names a tool that is gone', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    folder.write('verbatim.config.ts', WITHOUT_TOOL);
    expect((await folder.generate('--check')).stdout).toContain('Breaking changes:\n  removed tool lookup_order from agent support\n');
  });

  test('sees a file that was edited or removed', async () => {
    await using folder = folderWith(SUPPORT);
    await folder.generate();
    writeFileSync(join(folder.path, 'sdk/index.d.ts'), 'export {};');
    rmSync(join(folder.path, 'sdk/schemas.js'));
    const { code, stdout } = await folder.generate('--check');
    expect(code).toBe(1);
    expect(stdout).toContain('stale sdk: index.d.ts, schemas.js\nThe contract is the same');
  });
});

test('a change is named when it is written too, and the name of the package stays', async () => {
  await using folder = folderWith(SUPPORT);
  await folder.generate('--name', '@acme/agents');
  folder.write('verbatim.config.ts', WITHOUT_TOOL);
  expect((await folder.generate()).stdout).toMatch(
    /^wrote @acme\/agents .*\nBreaking changes:\n {2}removed tool lookup_order from agent support\n$/,
  );
});

describe('the folder', () => {
  test('of somebody else is refused and left as it is', async () => {
    await using folder = folderWith(SUPPORT);
    mkdirSync(join(folder.path, 'sdk'));
    writeFileSync(join(folder.path, 'sdk/package.json'), '{ "name": "mine" }');
    const { code, stdout, stderr } = await folder.generate();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^verbatim: .*sdk is not empty, and was not made by `verbatim generate`\..*\(OUTPUT_REFUSED\)\n$/);
    expect(folder.files).toEqual({ 'package.json': '{ "name": "mine" }' });
  });

  test('that is a file is refused', async () => {
    await using folder = folderWith(SUPPORT);
    folder.write('sdk', 'mine');
    expect((await folder.generate()).stderr).toMatch(/is not a folder.*OUTPUT_REFUSED/);
  });

  test('that is empty, or a link to one made before, is used', async () => {
    await using folder = folderWith(SUPPORT);
    mkdirSync(join(folder.path, 'real'));
    expect((await folder.generate('--out', 'real')).code).toBe(0);
    symlinkSync('real', join(folder.path, 'sdk'));
    expect((await folder.generate('--check')).code).toBe(0);
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
      JSON.stringify({ ...manifest, files: [...manifest.files, 'old.js', '../verbatim.config.ts'] }),
    );
    expect((await folder.generate()).code).toBe(0);
    const names = readdirSync(join(folder.path, 'sdk'));
    expect(names).toContain('node_modules');
    expect(names).not.toContain('old.js');
    expect(existsSync(join(folder.path, 'verbatim.config.ts'))).toBe(true);
  });

  test('is not made when the config cannot be loaded', async () => {
    await using folder = folderWith('export default {');
    expect((await folder.generate()).stderr).toMatch(/cannot be loaded.*CONFIG_INVALID/s);
    expect(existsSync(join(folder.path, 'sdk'))).toBe(false);
  });
});

test('no config, and a name that npm would refuse, are errors that say what to do', async () => {
  await using folder = new GenerateFolder();
  expect((await folder.generate()).stderr).toMatch(/There is no verbatim\.config.*--config.*CONFIG_INVALID/);
  folder.write('verbatim.config.ts', SUPPORT);
  expect((await folder.generate('--name', 'My Agents')).stderr).toMatch(/"My Agents" is not the name of a package.*--name.*BAD_INPUT/);
});

test('ends although the config left something open', async () => {
  await using folder = folderWith(`setInterval(() => {}, 1_000);\n${SUPPORT}`);
  expect((await folder.generate()).code).toBe(0);
});

test('--help shows an example', async () => {
  await using folder = new GenerateFolder();
  const { stdout } = await folder.generate('--help');
  expect(stdout).toContain('verbatim generate --config verbatim.config.ts --out ../web/agents --name @acme/agents');
  expect(stdout).toContain('--check');
});
