import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { AnswerMessage, CallMessage, Calls } from './parentCalls.ts';

/** Whether processes can be kept on one core each: the server on the first, the load on the second. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

export interface BenchProcessOptions {
  readonly core: 0 | 1;
  readonly args?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What takes longer is broken. */
const CALL_TIMEOUT_MS = 120_000;

/** A fresh process that runs one file of the benchmark and answers calls over IPC. Dispose ends it. */
export class BenchProcess<Self extends Calls<Self>, Ready = void> implements AsyncDisposable {
  readonly ready: Promise<Ready>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** `file` is relative to this folder. */
  constructor(file: string, { core, args = [], nodeFlags = [] }: BenchProcessOptions) {
    const command = [process.execPath, ...nodeFlags, fileURLToPath(new URL(file, import.meta.url)), ...args];
    const [program = '', ...rest] = canPin ? ['taskset', '-c', String(core), ...command] : command;
    this.#name = file;
    this.#child = spawn(program, rest, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.on('message', (message: AnswerMessage) => this.#take(message));
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended with ${code ?? signal}`));
      this.#waiting.clear();
    });
    // The file says so itself, with a value of this type.
    this.ready = this.#answerTo(0, 'start') as Promise<Ready>;
    this.ready.catch(() => {});
  }

  /** Rejects when the process says so, ends, or is silent for too long. */
  async call<Name extends keyof Self & string>(name: Name, ...input: Parameters<Self[Name]>): Promise<Awaited<ReturnType<Self[Name]>>> {
    await this.ready;
    const message: CallMessage = { id: this.#nextId++, name, input: input[0] };
    const answer = this.#answerTo(message.id, name);
    this.#child.send(message);
    // The other end is typed by the same calls.
    return (await answer) as Awaited<ReturnType<Self[Name]>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #answerTo(id: number, name: string): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        const tooLong = new Error(`${this.#name} did not answer ${name} in ${CALL_TIMEOUT_MS / 1_000} s`);
        timer = setTimeout(() => reject(tooLong), CALL_TIMEOUT_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #take(message: AnswerMessage): void {
    const waiting = this.#waiting.get(message.type === 'ready' ? 0 : message.id);
    if (message.type === 'failure') waiting?.reject(new Error(`${this.#name}: ${message.message}`));
    else waiting?.resolve(message.value);
  }
}
