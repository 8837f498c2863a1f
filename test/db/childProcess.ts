import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { scriptBundle } from '../support/scriptBundle.ts';

export interface Child {
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** The first line it prints. Throws what it wrote on stderr when it ends without one. */
  firstLine(): Promise<string>;
  /** `kill -9`, and waits until the process is gone. */
  kill(): Promise<void>;
}

/** Runs a script of this folder in a process of its own. It does not outlive the test. */
export function startChild(script: string, ...args: readonly string[]): Child {
  const path = scriptBundle(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit').then(([code, signal]): number | string => code ?? signal);
  const lines = createInterface(child.stdout);
  const errors = text(child.stderr);
  const firstLine = async () => {
    for await (const line of lines) return line;
    throw new Error(`${script} ended with ${await exited} before it had printed a line: ${await errors}`);
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  return { exited, firstLine, kill };
}
