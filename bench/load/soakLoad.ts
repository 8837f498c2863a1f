import { nowMicros, sleep } from '../clock.ts';
import { answerParent } from '../parentCalls.ts';
import { EventCount } from './eventFrame.ts';
import { type Receipt, VerbatimConnection } from './verbatimConnection.ts';

export interface SoakOrder {
  readonly port: number;
  readonly users: number;
  readonly seconds: number;
}

export interface SoakReport {
  readonly runs: number;
  readonly connections: number;
  readonly events: number;
}

/** What users do with a run, one after the other: read it, cancel it, go away for good, or come back and read on. */
const WAYS = ['read', 'cancel', 'leave', 'return'] as const;
/** How long they read before that. */
const MAX_READ_MS = 600;
const MAX_TOKENS = 60;
const TERMINAL = /"type":"run\.(completed|failed|cancelled)"/;

let report = { runs: 0, connections: 0, events: 0 };

const calls = {
  /** Users who connect, send, and connect again, for so long. When it answers, every connection is closed. */
  async run({ port, users, seconds }: SoakOrder): Promise<SoakReport> {
    report = { runs: 0, connections: 0, events: 0 };
    const endMicros = nowMicros() + seconds * 1_000_000;
    const goOn = async (user: number): Promise<void> => {
      for (let turn = user; nowMicros() < endMicros; turn++) await visitOnce({ port, token: `user-${user}` }, turn);
    };
    await Promise.all(Array.from({ length: users }, (_, user) => goOn(user)));
    return report;
  },
};

async function visitOnce(who: { readonly port: number; readonly token: string }, turn: number): Promise<void> {
  const way = WAYS[turn % WAYS.length];
  const schedule = { tokensPerSecond: 50, tokens: 1 + Math.floor(Math.random() * MAX_TOKENS) };
  const connection = await open(who);
  const onDisconnect = way === 'leave' ? 'cancel' : 'continue';
  const receipt = await connection.send({ agent: 'scheduled', text: JSON.stringify(schedule), onDisconnect });
  report.runs++;
  const count = new EventCount(receipt.seq);
  let hasEnded = false;
  const ended = follow(connection, receipt, count).then(() => {
    hasEnded = true;
  });
  if (way !== 'read') await sleep(Math.random() * MAX_READ_MS);
  if (way === 'cancel') await connection.call('mutation', 'runs.cancel', { runId: receipt.runId });
  if (way === 'read' || way === 'cancel') await ended;
  connection.close();
  if (way === 'return') {
    const again = await open(who);
    if (!hasEnded) await follow(again, receipt, count);
    again.close();
  }
  report.events += count.events;
}

async function open(who: { readonly port: number; readonly token: string }): Promise<VerbatimConnection> {
  report.connections++;
  return await VerbatimConnection.open(who);
}

/** Resolves with the end of the run. */
function follow(connection: VerbatimConnection, { runId }: Receipt, count: EventCount): Promise<void> {
  return new Promise((resolve, reject) => {
    const onEvent = (frame: string): void => {
      count.take(frame);
      if (TERMINAL.test(frame)) resolve();
    };
    connection.follow('runs.watch', { runId, lastEventId: count.seq }, onEvent).catch(reject);
  });
}

export type SoakLoadCalls = typeof calls;

answerParent(calls);
