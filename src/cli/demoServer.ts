import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_TIMEOUT_MS = 10_000;

export interface DemoServerOptions {
  readonly directory: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly tokensPerSecond: number;
}

/** A real server process, with the built-in model, that can be killed. */
export class DemoServer {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly url: string;

  private constructor(child: ChildProcess, exited: Promise<unknown>, url: string) {
    this.#child = child;
    this.#exited = exited;
    this.url = url;
  }

  /** Resolves when the server listens. */
  static async start({ directory, port, tokensPerSecond }: DemoServerOptions): Promise<DemoServer> {
    const { OPENAI_API_KEY: _, ...env } = process.env;
    const command = fileURLToPath(new URL('./verbatim.js', import.meta.url));
    const child = spawn(process.execPath, [command, 'serve', '--host', '127.0.0.1', '--port', String(port), '--db', 'demo.db'], {
      // A directory of its own: no config of the user's is found there.
      cwd: directory,
      env: { ...env, VERBATIM_OFFLINE_TPS: String(tokensPerSecond), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-2_000);
    });
    try {
      // Its first line is the one that says where it listens.
      const [line] = (await Promise.race([
        once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(START_TIMEOUT_MS) }),
        exited.then(() => Promise.reject(new Error('it ended'))),
      ])) as [string];
      const url = /^Verbatim listening on (\S+)$/.exec(line)?.[1];
      if (url === undefined) throw new Error(`it said ${line}`);
      return new DemoServer(child, exited, url);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Error(`The server did not start.\n${complaints}`, { cause });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** As the kernel does it: nothing in the process hears of it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.#exited;
  }
}
