import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../client/index.node.ts';
import type { JsonApi } from '../protocol/contract.ts';
import { ChatPrinter } from './chatPrinter.ts';
import { DeliveryCheck } from './deliveryCheck.ts';
import { DemoServer } from './demoServer.ts';
import { paintFor } from './paint.ts';

const COUNT_TO = 60;
const KILL_AT = 24;
const TOKENS_PER_SECOND = 20;
const TIMEOUT_MS = 30_000;

const ANSWER = Array.from({ length: COUNT_TO }, (_, i) => i + 1).join(' ');

/** Kills a server in the middle of an answer, starts it again, and counts. The exit code is 1 when something is missing, doubled or wrong. */
export async function demo(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'verbatim-demo-'));
  const servers: DemoServer[] = [];
  const end = new AbortController();
  const stop = (signal: NodeJS.Signals): void => end.abort(new Error(`Ended by ${signal}`));
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const timer = setTimeout(() => end.abort(new Error(`The demonstration did not end in ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
  try {
    const ended = new Promise<never>((_, reject) => end.signal.addEventListener('abort', () => reject(end.signal.reason)));
    const isKept = await Promise.race([play(directory, servers), ended]);
    if (!isKept) process.exitCode = 1;
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', stop).off('SIGTERM', stop);
    for (const server of servers) await server.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Resolves to whether the promise was kept. */
async function play(directory: string, servers: DemoServer[]): Promise<boolean> {
  const paint = paintFor(process.stdout);
  const printer = new ChatPrinter(process.stdout, process.stdout);
  const start = async (port: number): Promise<DemoServer> => {
    const server = await DemoServer.start({ directory, port, tokensPerSecond: TOKENS_PER_SECOND });
    servers.push(server);
    return server;
  };

  printer.line(paint.bold('Pulling the plug in the middle of an answer\n'));
  const first = await start(0);
  printer.line(`${paint.cyan('1')} A server: process ${first.pid}, ${first.url}, one SQLite file. We ask it to count to ${COUNT_TO}.\n`);

  const client = createClient<JsonApi>({ url: first.url });
  try {
    client.connection.subscribe((state) => printer.connection(state));
    const run = await client.send({ agent: 'assistant', text: `count to ${COUNT_TO}` });
    const check = new DeliveryCheck(run.receipt.seq);
    let restart: Promise<void> | undefined;
    const pullThePlug = async (): Promise<void> => {
      const killedAt = performance.now();
      await first.kill();
      printer.line(`\n${paint.red('2')} kill -9 ${first.pid}\n`);
      const second = await start(Number(new URL(first.url).port));
      const seconds = ((performance.now() - killedAt) / 1_000).toFixed(1);
      printer.line(`\n${paint.cyan('3')} ${seconds} s later: process ${second.pid}, on the same port and the same file.\n`);
    };
    for await (const event of run) {
      check.add(event);
      printer.event(event);
      if (check.text.split(' ').length > KILL_AT) restart ??= pullThePlug();
    }
    await restart;
    return report(printer, check, await readAgain(first.url, run.id));
  } finally {
    await client.close();
  }
}

/** What somebody who comes only now gets of the run. */
async function readAgain(url: string, runId: string): Promise<{ readonly text: string; readonly seq: number }> {
  const client = createClient<JsonApi>({ url });
  try {
    const check = new DeliveryCheck(0);
    for await (const event of client.run(runId)) check.add(event);
    return check;
  } finally {
    await client.close();
  }
}

function report(printer: ChatPrinter, check: DeliveryCheck, again: { readonly text: string; readonly seq: number }): boolean {
  const paint = paintFor(process.stdout);
  const isWhole = check.text === ANSWER && check.mismatches === 0;
  const isSame = again.text === check.text && again.seq === check.seq;
  const facts: readonly (readonly [what: string, value: string | number, isGood: boolean])[] = [
    ['events the reader got', check.events, check.events > 0],
    ['missing', check.gaps, check.gaps === 0],
    ['twice', check.doubles, check.doubles === 0],
    ['words the crash took back, by an event that says so', check.withdrawnWords, check.withdrawnWords >= KILL_AT],
    ['the final text is whole', isWhole ? 'yes' : `no: ${JSON.stringify(check.text)}`, isWhole],
    ['a second reader, from the log, gets the same', isSame ? 'yes' : 'no', isSame],
  ];
  printer.line('');
  for (const [what, value, isGood] of facts) {
    printer.line(`  ${isGood ? paint.green('ok') : paint.red('NO')}  ${what}: ${paint.bold(String(value))}`);
  }
  const isKept = facts.every(([, , isGood]) => isGood);
  printer.line(
    isKept
      ? `\n${paint.green('Every event reached the reader word for word, once, in order.')}`
      : `\n${paint.red('The promise was broken.')}`,
  );
  return isKept;
}
