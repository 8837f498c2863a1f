import { type IPty, spawn } from '@lydell/node-pty';
import { expect, vi } from 'vitest';
import { TerminalScreen } from './terminalScreen.ts';

export interface PtyOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly rows?: number;
}

const running = new Set<IPty>();
process.on('exit', () => {
  for (const pty of running) pty.kill('SIGKILL');
});

/** A real process at a terminal of its own, and what stands on its screen. Dispose kills it. */
export class PtyCommand implements AsyncDisposable {
  readonly #pty: IPty;
  readonly screen: TerminalScreen;
  readonly exited: Promise<number>;
  /** All that it wrote. */
  raw = '';

  constructor(command: string, args: readonly string[], { cwd, env = {}, columns = 80, rows = 30 }: PtyOptions) {
    const { VITEST: _, VITEST_WORKER_ID: __, NODE_ENV: ___, FORCE_COLOR: ____, NO_COLOR: _____, ...own } = process.env;
    this.screen = new TerminalScreen(columns, rows);
    const given = Object.fromEntries(Object.entries({ ...own, ...env }).filter(([, value]) => value !== undefined));
    this.#pty = spawn(command, [...args], { cwd, cols: columns, rows, name: given.TERM ?? 'xterm', env: given });
    running.add(this.#pty);
    this.#pty.onData((data) => {
      this.raw += data;
      this.screen.write(data);
    });
    this.exited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        running.delete(this.#pty);
        resolve(signal ? 128 + signal : exitCode);
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** As a terminal hands over what was pasted, when it was asked to mark it. */
  paste(text: string): void {
    this.#pty.write(`\u001b[200~${text.replaceAll('\n', '\r')}\u001b[201~`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#pty.kill(signal);
  }

  /** Waits until it stands on the screen, or has scrolled away above. */
  async shows(pattern: RegExp): Promise<void> {
    await vi.waitFor(() => expect(this.screen.text).toMatch(pattern), { timeout: 30_000 });
  }

  async showsNot(pattern: RegExp): Promise<void> {
    await vi.waitFor(() => expect(this.screen.text).not.toMatch(pattern), { timeout: 30_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (running.has(this.#pty)) this.#pty.kill('SIGKILL');
    await this.exited;
  }
}
