import { createInterface, type Interface } from 'node:readline';
import { type Client, createClient, type Run } from '../client/index.node.ts';
import type { JsonApi } from '../protocol/contract.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { findVariable } from '../server/config/secret.ts';
import { ChatPrinter } from './chatPrinter.ts';
import { explainError } from './explainError.ts';
import { paintFor } from './paint.ts';

export interface ChatFlags {
  readonly url: string;
  readonly token?: string;
  readonly agent?: string;
  readonly thread?: string;
}

/**
 * A conversation by lines: each line of stdin is a message, and its answer is over before the next one is read. Ends with stdin, or with
 * Ctrl-C when there is nothing to stop. The exit code is 1 when a run failed.
 */
export async function chat(flags: ChatFlags): Promise<void> {
  const token = flags.token ?? findVariable('VERBATIM_TOKEN', process.env)?.value;
  const client = createClient<JsonApi>({ url: flags.url, ...(token !== undefined && { token }) });
  try {
    await converse(client, flags);
  } finally {
    await client.close();
  }
}

async function converse(client: Client<JsonApi>, flags: ChatFlags): Promise<void> {
  const printer = new ChatPrinter(process.stdout, process.stderr);
  // Before anything is awaited: lines of a pipe that come earlier would be lost.
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const paint = paintFor(process.stderr);
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: isTerminal, prompt: paint.cyan('> ') });
  const lines = reader[Symbol.asyncIterator]();
  const stopper = new AnswerStopper(printer, reader, isTerminal);
  try {
    const agent = await firstReach(client, flags, () => chooseAgent(client, flags.agent));
    client.connection.subscribe((state) => printer.connection(state));
    if (isTerminal) printer.note(`${agent} at ${flags.url}. Ctrl-C stops an answer, Ctrl-D ends.`);

    let threadId = flags.thread;
    for (;;) {
      if (isTerminal) reader.prompt();
      const line = await lines.next();
      if (line.done) break;
      const text = line.value;
      if (text.trim() === '') continue;
      try {
        const run = await client.send({ agent, text, ...(threadId !== undefined && { threadId }) });
        threadId = run.threadId;
        stopper.run = run;
        for await (const event of run) printer.event(event);
        if ((await run.result()).status === 'failed') process.exitCode = 1;
      } catch (error) {
        // The server refused this message; the next one may do better. In a pipe nobody is there to write another.
        if (!isTerminal || client.connection.state.status === 'closed') throw error;
        printer.note(`x ${explainError(error)}`, 'red');
      } finally {
        stopper.run = undefined;
      }
    }
    if (isTerminal && threadId !== undefined) printer.note(`\nTo go on with this conversation: verbatim chat --thread ${threadId}`);
  } finally {
    stopper.close();
    reader.close();
  }
}

/** Ctrl-C: stops the answer under way, else clears the line being written, else ends the program. */
class AnswerStopper {
  readonly #printer: ChatPrinter;
  readonly #reader: Interface;
  readonly #stop = (): void => this.#interrupt();
  #run: Run<JsonApi[string]> | undefined;
  #isStopping = false;

  constructor(printer: ChatPrinter, reader: Interface, isTerminal: boolean) {
    this.#printer = printer;
    this.#reader = reader;
    if (isTerminal) reader.on('SIGINT', this.#stop);
    process.on('SIGINT', this.#stop);
  }

  set run(run: Run<JsonApi[string]> | undefined) {
    this.#run = run;
    this.#isStopping = false;
  }

  close(): void {
    process.off('SIGINT', this.#stop);
  }

  #interrupt(): void {
    if (this.#run !== undefined) {
      // A second one is for an answer that does not stop.
      if (this.#isStopping) process.exit(130);
      this.#isStopping = true;
      this.#run.cancel().catch((error: unknown) => this.#printer.note(`x ${explainError(error)}`, 'red'));
    } else if (this.#reader.line !== '') {
      this.#reader.write(null, { ctrl: true, name: 'e' });
      this.#reader.write(null, { ctrl: true, name: 'u' });
    } else {
      process.stderr.write('\n');
      this.#reader.close();
    }
  }
}

async function chooseAgent(client: Client<JsonApi>, named: string | undefined): Promise<string> {
  const agents = await client.agents.list();
  const names = agents.map(({ name }) => name);
  if (named === undefined) {
    const first = names.includes('assistant') ? 'assistant' : names[0];
    if (first === undefined) throw new VerbatimError('NOT_FOUND', 'The server has no agents');
    return first;
  }
  if (!names.includes(named)) throw new VerbatimError('NOT_FOUND', `The server has no agent "${named}". It has: ${names.join(', ')}`);
  return named;
}

/** Later losses are waited out; but a server that was never there is most likely not started, or elsewhere. */
async function firstReach<T>(client: Client<JsonApi>, { url }: ChatFlags, ask: () => Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const unreachable = new Promise<never>((_, reject) => {
    stop = client.connection.subscribe((state) => {
      if (state.status !== 'offline') return;
      reject(
        new VerbatimError(
          'CONNECTION_LOST',
          `No Verbatim server answers at ${url}. Start one with "verbatim serve", or name another with --url.`,
          {
            cause: state.reason,
          },
        ),
      );
    });
  });
  try {
    return await Promise.race([ask(), unreachable]);
  } finally {
    stop?.();
  }
}
