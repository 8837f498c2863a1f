import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { readEnvironment } from '../../src/cli/config/environment.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { startServer } from '../server/startServer.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { runCommand, SpawnedCommand } from '../support/spawnedCommand.ts';
import { example, unprivileged } from './proxies.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = join(ROOT, 'dist/cli/verbatim.js');
const HEALTHCHECK = join(ROOT, 'ops/healthcheck.mjs');

const CONFIG = `import { custom, defineAgent, defineConfig, offline } from 'verbatim-agents';
export default defineConfig({
  agents: { counter: defineAgent({ description: 'Counts', model: offline() }) },
  auth: [custom(({ token }) => (token === 'ann' ? { id: 'ann' } : undefined))],
});
`;

/** Instructions with their arguments, lines that go on joined. */
function instructions(): readonly { readonly name: string; readonly args: string }[] {
  return example('Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', args: line.replace(/^\S+ +/, '').replace(/ +/g, ' ') }));
}

const all = (name: string): readonly string[] => instructions().flatMap((one) => (one.name === name ? [one.args] : []));
const copied = (): readonly string[] =>
  all('COPY')
    .filter((args) => !args.startsWith('--from'))
    .flatMap((args) => args.split(' ').slice(0, -1));

describe('the Dockerfile', () => {
  test('has no instruction that there is not, and ends as a user without rights', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'];
    expect(instructions().filter(({ name }) => !known.includes(name))).toEqual([]);
    expect(all('USER')).toEqual(['node']);
    expect(all('VOLUME')).toEqual(['/data']);
    expect(new Set(all('FROM').map((args) => args.split(' ')[0]))).toEqual(new Set(['node:24-slim']));
  });

  test('copies what is there, and nothing that .dockerignore holds back', () => {
    expect(copied().filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const allowed = example('Dockerfile.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    expect(copied().filter((path) => !allowed.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))).toEqual([]);
  });

  test('builds from what it copies', async () => {
    const folder = tempFolder();
    for (const path of copied()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(all('RUN').some((run) => run === 'npm run build')).toBe(true);
    const [command = '', ...args] = scripts.build?.split(' ') ?? [];
    await runCommand(command, args, { cwd: folder, timeoutMs: 110_000 });
    expect(existsSync(join(folder, 'dist/cli/verbatim.js'))).toBe(true);
  }, 120_000);

  test('starts the command that is built, and checks it by the file that it copies', () => {
    expect(JSON.parse(all('ENTRYPOINT')[0] ?? '')).toEqual(['node', '/app/dist/cli/verbatim.js']);
    expect(JSON.parse(all('CMD')[0] ?? '')).toEqual(['serve']);
    expect(all('HEALTHCHECK')[0]).toContain('CMD ["node", "/app/healthcheck.mjs"]');
    expect(copied()).toContain('ops/healthcheck.mjs');
  });
});

test('the variables in ops/ are ours, and have good values', () => {
  const texts = [example('Dockerfile'), example('verbatim.service')].join('\n');
  const given = Object.fromEntries([...texts.matchAll(/\b(VERBATIM_[A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]));
  expect(Object.keys(given).length).toBeGreaterThan(2);
  expect(readEnvironment(given).map(({ path }) => path.join('.'))).toEqual(['database', 'port', 'host']);
});

test('the health check ends with 0 for a server that answers, and with 1 for one that does not, or says that it is not well', async () => {
  const { port, server } = await startServer();
  const check = async (at: number) =>
    (await new SpawnedCommand(process.execPath, [HEALTHCHECK], { cwd: ROOT, env: { VERBATIM_PORT: String(at) } }).exited).code;
  expect(await check(port)).toBe(0);
  await server.close({ drainMs: 0 });
  expect(await check(port)).toBe(1);
  const unwell = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
  await once(unwell, 'listening');
  expect(await check((unwell.address() as AddressInfo).port)).toBe(1);
  await new Promise((resolve) => unwell.close(resolve).closeAllConnections());
});

/** As in the image: a folder with a config that nobody can write, and another one for the data. */
function imageFolders() {
  expectBuilt();
  const folder = tempFolder();
  chmodSync(folder, 0o755);
  const [config, data] = [join(folder, 'config'), join(folder, 'data')];
  mkdirSync(config);
  mkdirSync(data);
  writeFileSync(join(config, 'verbatim.config.ts'), CONFIG);
  chmodSync(config, 0o555);
  chmodSync(data, 0o777);
  const env = {
    HOME: '/nonexistent',
    NODE_ENV: 'production',
    VERBATIM_HOST: '0.0.0.0',
    VERBATIM_PORT: '0',
    VERBATIM_DATABASE: join(data, 'verbatim.db'),
  };
  return { config, env };
}

test('the command serves as a user without rights, in a folder that cannot be written, and SIGTERM ends it with 0', async () => {
  const { config, env } = imageFolders();
  await using command = unprivileged(process.execPath, [COMMAND, 'serve'], config, env);
  const [, port = ''] = await command.output('stdout', /^Verbatim listening on http:\/\/0\.0\.0\.0:(\d+)\n/);
  await runCommand(process.execPath, [HEALTHCHECK], { cwd: ROOT, env: { VERBATIM_PORT: port } });
  expect((await fetch(`http://127.0.0.1:${port}/trpc/agents.list`, { headers: { authorization: 'Bearer ann' } })).status).toBe(200);
  command.kill('SIGTERM');
  expect(await command.exited).toEqual({ code: 0, signal: null });
  expect(command.stderr).not.toMatch(/EACCES|EROFS|ENOENT/);
});

const namespaces = new SpawnedCommand('unshare', ['--pid', '--fork', 'true'], { cwd: ROOT }).exited.then(
  ({ code }) => code === 0,
  () => false,
);

test('as process 1 it hears SIGTERM too, and ends with 0', async ({ skip }) => {
  if (!(await namespaces)) skip('this user may not make a PID namespace');
  const { config, env } = imageFolders();
  const args = ['--pid', '--fork', '--kill-child', process.execPath, COMMAND, 'serve'];
  await using command = new SpawnedCommand('unshare', args, { cwd: config, env, group: true });
  await command.output('stdout', /^Verbatim listening/);
  const first = await vi.waitFor(() => Number(readFileSync(`/proc/${command.pid}/task/${command.pid}/children`, 'utf8').trim()));
  expect(readFileSync(`/proc/${first}/status`, 'utf8')).toMatch(/^NSpid:\s+\d+\s+1$/m);
  process.kill(first, 'SIGTERM');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});
