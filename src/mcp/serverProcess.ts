import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { getDefaultEnvironment } from '@modelcontextprotocol/sdk/client/stdio.js';
import { serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { LineBuffer } from './lineBuffer.ts';
import { resolvesWithin } from './resolvesWithin.ts';

export interface ServerProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly maxMessageBytes: number;
  /** How long each of the two polite ways to end it may take. */
  readonly closeGraceMs: number;
}

/**
 * The command, and beside it a reader of pipe 3, whose other end only this process has: however this process ends, `kill -9` included, the
 * reader sees the end of the pipe and takes the whole group with it. The command itself does not get the pipe.
 */
const GUARDED = '(read -r x <&3; kill -9 0) </dev/null >/dev/null 2>&1 & exec "$@" 3<&-';
/** What a shell exits with for a command that is not there, or cannot be executed. */
const NO_COMMAND: ReadonlySet<number | null> = new Set([126, 127]);
const MAX_STDERR = 2_048;

/**
 * A server as a child process in a group of its own, as the SDK's stdio transport otherwise. When it is closed, when the child exits, and when
 * this process is gone, nothing of the group is left, whatever the child started.
 */
export class ServerProcess implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #options: ServerProcessOptions;
  readonly #lines: LineBuffer;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  /** The end of what it wrote there, for the operator. */
  stderr = '';
  /** The command is not there. */
  missing = false;

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.#lines = new LineBuffer(options.maxMessageBytes);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): Promise<void> {
    const { command, args, env, cwd } = this.#options;
    const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', command, ...args], {
      env: { ...getDefaultEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
      ...(cwd !== undefined && { cwd }),
    });
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-MAX_STDERR);
    });
    // It may end while it is written to: that it has ended is told by `close`.
    for (const stream of [child.stdin, child.stdout, child.stderr, child.stdio[3]]) stream?.on('error', () => {});
    child.once('exit', (code) => {
      this.missing = NO_COMMAND.has(code);
      killGroup(child);
    });
    this.#exited = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
        this.onclose?.();
      });
    });
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve());
      child.once('error', reject);
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin: Writable | null | undefined = this.#child?.stdin;
    if (stdin === null || stdin === undefined || !stdin.writable) throw new Error('Not connected');
    if (!stdin.write(serializeMessage(message))) {
      await Promise.race([new Promise<void>((resolve) => stdin.once('drain', resolve)), this.#exited]);
    }
  }

  /** Ends its input, then asks it to stop, then kills it and all that it started. Resolves when nothing is left. */
  async close(): Promise<void> {
    const child = this.#child;
    const { closeGraceMs } = this.#options;
    if (child?.pid === undefined) return;
    child.stdin?.end();
    if (!(await resolvesWithin(this.#exited, closeGraceMs))) child.kill('SIGTERM');
    if (!(await resolvesWithin(this.#exited, closeGraceMs))) killGroup(child);
    await this.#exited;
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) this.#receive(line);
    } catch (cause) {
      // What comes next of a message that was too long makes no sense.
      this.onerror?.(cause instanceof Error ? cause : new Error(String(cause)));
      if (this.#child !== undefined) killGroup(this.#child);
    }
  }

  /** Some servers print other things too. */
  #receive(line: string): void {
    let message: JSONRPCMessage;
    try {
      message = JSONRPCMessageSchema.parse(JSON.parse(line));
    } catch (cause) {
      this.onerror?.(new Error('The server wrote a line that is no message.', { cause }));
      return;
    }
    this.onmessage?.(message);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of it is left: what was wanted.
  }
}
