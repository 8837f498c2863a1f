import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectBuilt } from './builtDist.ts';
import { SpawnedCommand } from './spawnedCommand.ts';

export const VERBATIM_COMMAND = fileURLToPath(new URL('../../dist/cli/verbatim.js', import.meta.url));

expectBuilt();

type Env = Readonly<Record<string, string | undefined>>;

/** What somebody's shell may have set, taken away. */
const BARE: Env = Object.fromEntries(
  [
    'PORT',
    'HOST',
    'VERBATIM_PORT',
    'VERBATIM_HOST',
    'VERBATIM_DATABASE',
    'VERBATIM_DB',
    'VERBATIM_URL',
    'VERBATIM_TOKEN',
    'VERBATIM_TLS_CERT',
    'VERBATIM_TLS_KEY',
    'VERBATIM_DEBUG',
    'VERBATIM_LOG_LEVEL',
    'VERBATIM_OFFLINE_TPS',
    'OPENAI_API_KEY',
    'OPENAI_BASE_URL',
    'OPENAI_MODEL',
  ].map((name) => [name, undefined]),
);

/** An empty folder to run the built command in. Dispose kills what runs there and removes it. */
export class CliFolder implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'verbatim-cli-'));
  readonly #commands: SpawnedCommand[] = [];

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  verbatim(args: readonly string[], env: Env = {}): SpawnedCommand {
    return this.spawn(process.execPath, [VERBATIM_COMMAND, ...args], env);
  }

  spawn(command: string, args: readonly string[], env: Env = {}, group = false): SpawnedCommand {
    const spawned = new SpawnedCommand(command, args, { cwd: this.path, env: { ...BARE, ...env }, group });
    this.#commands.push(spawned);
    return spawned;
  }

  /** A server that listens. */
  async serve(args: readonly string[] = [], env: Env = {}): Promise<{ readonly command: SpawnedCommand; readonly url: string }> {
    const command = this.verbatim(['serve', '--port', '0', ...args], env);
    const [, url = ''] = await command.output('stdout', /^Verbatim listening on (https?:\/\/\S+)\n/);
    return { command, url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const command of this.#commands) await command[Symbol.asyncDispose]();
    rmSync(this.path, { recursive: true, force: true });
  }
}
