import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Whether processes can be kept on one core each: the server on the first, the readers on the second. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

export interface BenchProcessOptions {
  readonly core: 0 | 1;
  readonly args?: readonly string[];
}

/** A fresh process that runs one file of the benchmark and talks over IPC. Dispose ends it. */
export class BenchProcess<Received> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #name: string;

  constructor(file: string, { core, args = [] }: BenchProcessOptions) {
    const command = [process.execPath, fileURLToPath(new URL(file, import.meta.url)), ...args];
    const [program = '', ...rest] = canPin ? ['taskset', '-c', String(core), ...command] : command;
    this.#name = file;
    this.#child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  send(message: object | string): void {
    this.#child.send(message);
  }

  /** The next message; rejects when the process ends first. */
  receive(): Promise<Received> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`${this.#name} ended with ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        // Both ends are files of this folder.
        resolve(message as Received);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
