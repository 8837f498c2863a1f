import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startModelServer } from '../../src/testing/index.ts';
import { CliFolder } from '../support/cliFolder.ts';
import type { SpawnedCommand } from '../support/spawnedCommand.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const JITI = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
const ONE_TO_40 = Array.from({ length: 40 }, (_, i) => i + 1).join(' ');

/** As examples/README.md says, with the package as it was built. */
function start(folder: CliFolder, example: string, env: Readonly<Record<string, string>> = {}): SpawnedCommand {
  return folder.spawn(process.execPath, [JITI, join(EXAMPLES, example)], env);
}

async function startServer(folder: CliFolder, port: string): Promise<{ readonly command: SpawnedCommand; readonly url: string }> {
  const env = { PORT: port, VERBATIM_DB: join(folder.path, 'example.db'), VERBATIM_OFFLINE_TPS: '40' };
  const command = start(folder, 'minimal/server.ts', env);
  const [, url = ''] = await command.output('stdout', /^listening on (\S+)\n/);
  return { command, url };
}

test('minimal: the client gets the whole answer of the server', async () => {
  await using folder = new CliFolder();
  const { command: server, url } = await startServer(folder, '0');
  const client = start(folder, 'minimal/client.ts', { VERBATIM_URL: url });
  expect(await client.exited).toEqual({ code: 0, signal: null });
  expect(client.stdout).toBe(`${ONE_TO_40}\ncompleted, 40 tokens\n`);
  server.kill('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

test('minimal: the client outlives a server that is killed in mid-answer', async () => {
  await using folder = new CliFolder();
  const first = await startServer(folder, '0');
  const client = start(folder, 'minimal/client.ts', { VERBATIM_URL: first.url });
  await client.output('stdout', /^1 2 3 4 5 6/);
  first.command.kill('SIGKILL');
  await first.command.exited;
  await startServer(folder, new URL(first.url).port);
  expect(await client.exited).toEqual({ code: 0, signal: null });
  const [, again] = client.stdout.split('(a crash took this text back; it is written again)\n');
  expect(again).toBe(`${ONE_TO_40}\ncompleted, 40 tokens\n`);
});

test('tools: the model asks for a tool, which is run and told', async () => {
  await using folder = new CliFolder();
  await using provider = await startModelServer({
    script: [{ toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] }, { text: 'Order 42 is on its way.' }],
  });
  const example = start(folder, 'tools/main.ts', { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'test' });
  expect(await example.exited, example.stderr).toEqual({ code: 0, signal: null });
  expect(example.stdout).toBe('looks up order 42\nit is on its way\nOrder 42 is on its way.\n');
});

test('generator: what it yields reaches the client', async () => {
  await using folder = new CliFolder();
  const example = start(folder, 'generator/main.ts');
  expect(await example.exited, example.stderr).toEqual({ code: 0, signal: null });
  expect(example.stdout).toContain('found: Handbook: holidays\ncites page 7\nI found 1 page about "holidays".\n');
});

test('every example is started here, or is a test of its own', () => {
  const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(['frameworks', 'generator', 'minimal', 'testing', 'tools']);
});
