import { type ChildProcess, spawn } from 'node:child_process';
import { expect, vi } from 'vitest';

export interface SpawnOptions {
  readonly cwd: string;
  /** Added to this process's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Killed after it. Default 60 s. */
  readonly timeoutMs?: number;
  /** It starts processes of its own, which dispose kills too. */
  readonly group?: boolean;
}

/** A test that times out disposes nothing: then they end with the process that ran it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A real process with what it has written so far. Dispose kills it. */
export class SpawnedCommand implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #timer: NodeJS.Timeout;
  readonly #isGroup: boolean;
  /** Resolves when it has ended and all of its output is here. The code is null when a signal ended it. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], { cwd, env, timeoutMs = 60_000, group = false }: SpawnOptions) {
    // A child that is told of its runner's test mode or colours would behave as nobody's does.
    const { VITEST: _, VITEST_WORKER_ID: __, NODE_ENV: ___, FORCE_COLOR: ____, ...own } = process.env;
    this.#child = spawn(command, args, { cwd, env: { ...own, ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: group });
    this.#isGroup = group;
    running.add(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // It may end before it has read what it was sent.
    this.#child.stdin?.on('error', () => undefined);
    this.#timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        clearTimeout(this.#timer);
        running.delete(this.#child);
        resolve({ code, signal });
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first match in what the stream has or will have. */
  async output(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    await vi.waitFor(
      () => {
        match = pattern.exec(this[stream]);
        expect(match, `${pattern} in ${stream}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`).not.toBeNull();
      },
      { timeout: 15_000 },
    );
    // waitFor returned, so there is one; the assignment is in a closure, where the compiler does not see it.
    return match as unknown as RegExpExecArray;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.#child;
    if (this.#isGroup && pid !== undefined) killGroup(pid);
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of it is left: what was wanted.
  }
}

/** Runs it to its end; throws with its output when it fails. */
export async function runCommand(command: string, args: readonly string[], options: SpawnOptions): Promise<SpawnedCommand> {
  const spawned = new SpawnedCommand(command, args, options);
  spawned.endInput();
  const { code, signal } = await spawned.exited;
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}\n${spawned.stdout}\n${spawned.stderr}`);
  }
  return spawned;
}
