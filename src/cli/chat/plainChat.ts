import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Client } from '../../client/client.ts';
import type { Run } from '../../client/run.ts';
import type { RunResult } from '../../client/runResult.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import { ChatPrinter } from '../chatPrinter.ts';
import { explainError } from '../explainError.ts';
import { paintFor } from '../paint.ts';
import { plainJson } from '../plainText.ts';
import type { ChatFlags } from './chat.ts';
import { CHAT_EXIT_CODES, chatExitCode } from './chatExitCode.ts';
import { agentOf, reachServer } from './reachServer.ts';

/**
 * A conversation by lines: each line of stdin is a message, and its answer is over before the next one is read. The answers' text is all that
 * stdout gets, or with `json` each event as a line of JSON. Ends with stdin, or with Ctrl-C when there is nothing to stop. Resolves to the exit
 * code.
 */
export async function plainChat(client: Client<JsonApi>, flags: ChatFlags): Promise<number> {
  const printer = new ChatPrinter(process.stdout, process.stderr);
  // Before anything is awaited: lines of a pipe that come earlier would be lost.
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const prompt = paintFor(process.stderr).cyan('> ');
  const reader = createInterface({ input: process.stdin, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  const outcomes: RunResult['status'][] = [];
  let run: Run<JsonApi[string]> | undefined;
  let isStopping = false;
  const interrupt = (): void => {
    if (run === undefined) return reader.close();
    // A second one is for an answer that does not stop.
    if (isStopping) process.exit(CHAT_EXIT_CODES.cancelled);
    isStopping = true;
    run.cancel().catch((error: unknown) => printer.note(`x ${explainError(error)}`, 'red'));
  };
  process.on('SIGINT', interrupt);
  // Whoever reads has gone, as `head` does: some of an answer was not taken, and the lines that follow are not sent. Before the command's own
  // listener, which takes that for success.
  process.stdout.prependListener('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(CHAT_EXIT_CODES.failed);
  });
  try {
    const agent = agentOf(await reachServer(client, flags.url), flags.agent);
    client.connection.subscribe((state) => printer.connection(state));
    if (isTerminal) printer.note(`${agent} at ${flags.url}. Ctrl-C stops an answer, Ctrl-D ends.`);
    let threadId = flags.thread;
    for (;;) {
      if (isTerminal) process.stderr.write(prompt);
      const line = await lines.next();
      if (line.done) break;
      const text = line.value;
      if (text.trim() === '') continue;
      try {
        const sent = await client.send({ agent, text, ...(threadId !== undefined && { threadId }) });
        threadId = sent.threadId;
        run = sent;
        for await (const event of sent) {
          if (flags.json) process.stdout.write(`${plainJson(JSON.stringify(event))}\n`);
          else printer.event(event);
          if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
        }
        outcomes.push((await sent.result()).status);
      } catch (error) {
        // The server refused this message; the next one may do better. In a pipe nobody is there to write another.
        if (!isTerminal || client.connection.state.status === 'closed') throw error;
        printer.note(`x ${explainError(error)}`, 'red');
      } finally {
        run = undefined;
        isStopping = false;
      }
    }
    if (isTerminal && threadId !== undefined) printer.note(`\nTo go on with this conversation: verbatim chat --thread ${threadId}`);
    return chatExitCode(outcomes);
  } finally {
    process.off('SIGINT', interrupt);
    reader.close();
  }
}
