import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { tempFolder } from '../db/tempFolder.ts';
import { afterTest } from '../support/afterTest.ts';
import { SpawnedCommand } from '../support/spawnedCommand.ts';

const OPS = fileURLToPath(new URL('../../ops', import.meta.url));

export interface ProxyOptions {
  /** Where the server listens. */
  readonly upstream: number;
  /** Of the example's text, such as a shorter time limit. */
  readonly change?: (text: string) => string;
}

export interface RunningProxy {
  readonly port: number;
  /** Reads its configuration again, as an operator does it; resolves when that one serves. */
  reload(): Promise<void>;
  stop(): Promise<void>;
  /** After `stop`, on the same port. */
  start(): Promise<void>;
}

export interface ProxyKind {
  readonly name: string;
  readonly isInstalled: boolean;
  /** A real one with the example of `ops/`, without TLS, on a port of its own and as a user without rights. It ends with the test. */
  start(options: ProxyOptions): Promise<RunningProxy>;
}

export const nginx: ProxyKind = {
  name: 'nginx',
  isInstalled: isInstalled('nginx', '-v'),
  async start({ upstream, change = (text) => text }) {
    const [port, folder] = [await freePort(), openFolder()];
    writeFileSync(join(folder, 'verbatim.conf'), change(withoutTls(replaced(example('nginx.conf'), upstream), port)));
    const main = join(folder, 'nginx.conf');
    writeFileSync(
      main,
      `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr notice; events { worker_connections 256; }
       http { access_log off; ${temporary(folder)} include ${folder}/verbatim.conf; }`,
    );
    const workers = (text: string): number => text.split('start worker process ').length;
    return supervise({
      port,
      start: () => unprivileged('nginx', ['-p', folder, '-c', main, '-e', 'stderr'], folder, {}),
      isReady: (command, before) => workers(command.stderr) > workers(before),
      reload: async (command) => command.kill('SIGHUP'),
    });
  },
};

export const caddy: ProxyKind = {
  name: 'Caddy',
  isInstalled: isInstalled('caddy', 'version'),
  async start({ upstream, change = (text) => text }) {
    const [port, admin, folder] = [await freePort(), await freePort(), openFolder()];
    const text = replaced(example('Caddyfile'), upstream).replace('chat.example.com {', `http://127.0.0.1:${port} {`);
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, change(`{\n  admin 127.0.0.1:${admin}\n  auto_https off\n}\n${text}`));
    const home = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    const run = (...args: string[]) => unprivileged('caddy', [...args, '--config', file, '--adapter', 'caddyfile'], folder, home);
    return supervise({
      port,
      start: () => run('run'),
      isReady: (command, before) =>
        command.stderr.length > before.length && /serving initial configuration|load complete/.test(command.stderr.slice(before.length)),
      async reload() {
        await run('reload', '--force', '--address', `127.0.0.1:${admin}`).exited;
      },
    });
  },
};

interface Supervised {
  readonly port: number;
  start(): SpawnedCommand;
  /** It serves by the configuration that was read after it had said `before`. */
  isReady(command: SpawnedCommand, before: string): boolean;
  reload(command: SpawnedCommand): Promise<void>;
}

async function supervise({ port, start, isReady, reload }: Supervised): Promise<RunningProxy> {
  let command = start();
  const ready = (before: string) =>
    vi.waitFor(
      () => {
        if (!isReady(command, before)) throw new Error(`not ready: ${command.stderr}`);
      },
      { timeout: 10_000 },
    );
  afterTest(() => command[Symbol.asyncDispose]());
  await ready('');
  return {
    port,
    async reload() {
      const before = command.stderr;
      await reload(command);
      await ready(before);
    },
    async stop() {
      command.kill('SIGTERM');
      await command.exited;
    },
    async start() {
      command = start();
      await ready('');
    },
  };
}

/** A folder for each thing that this build of nginx may keep: those it was built with are root's. */
function temporary(folder: string): string {
  const { stderr } = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  const names = [...stderr.matchAll(/--http-([a-z-]+)-temp-path=/g)].map(([, name = '']) => name.replaceAll('-', '_'));
  return names.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
}

export function example(name: string): string {
  return readFileSync(join(OPS, name), 'utf8');
}

function replaced(text: string, upstream: number): string {
  return text.replaceAll('127.0.0.1:3000', `127.0.0.1:${upstream}`);
}

function withoutTls(text: string, port: number): string {
  return text.replace(/^\s*ssl_.*$/gm, '').replace('listen 443 ssl http2;', `listen 127.0.0.1:${port};`);
}

/** In a process group, since a proxy has processes of its own. */
export function unprivileged(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): SpawnedCommand {
  const options = { cwd, env, group: true };
  if (process.getuid?.() !== 0) return new SpawnedCommand(command, args, options);
  return new SpawnedCommand('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', command, ...args], options);
}

function openFolder(): string {
  const folder = tempFolder();
  chmodSync(folder, 0o777);
  return folder;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isInstalled(command: string, flag: string): boolean {
  const { status } = spawnSync(command, [flag], { stdio: 'ignore' });
  if (status !== 0) process.stderr.write(`${command} is not installed: its tests are skipped (apt-get install nginx-light caddy)\n`);
  return status === 0;
}
