import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchProcess } from '../benchProcess.ts';
import type { SendLoadCalls, SendReport } from '../load/sendLoad.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import type { SqliteReferenceCalls } from '../server/sqliteReference.ts';
import { startServer } from '../startServer.ts';
import { median } from '../statistics.ts';
import { type Row, table } from '../table.ts';

interface Figures extends SendReport {
  /** Of the whole server, the runs included. */
  readonly serverCpuMicros: number;
}

interface Case {
  readonly atOnce: number;
  readonly figures: Readonly<Record<'rows' | 'verbatim', readonly Figures[]>>;
}

const WARM_UP_SECONDS = 1;
const SECONDS = 3;

export const send: Plan = {
  name: 'send',
  what: 'Sends with their receipts: thread, message and run are durable then. The run of each, of one token, is done by the same server meanwhile. The reference is an INSERT of a message and its commit with better-sqlite3 alone: as many rows a commit as there are sends at once.',
  seconds: ({ quick, rounds }) => (quick ? 4 : rounds * sizes(quick).length * (2 * SECONDS + WARM_UP_SECONDS + 1)),
  run,
};

function sizes(quick: boolean): readonly number[] {
  return quick ? [1, 8] : [1, 64, 512];
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const seconds = rounds.quick ? 0.3 : SECONDS;
  const cases: Case[] = [];
  for (const atOnce of sizes(rounds.quick)) {
    const measurements = { rows: () => measureRows(atOnce, seconds), verbatim: () => measureSends(atOnce, seconds) };
    cases.push({ atOnce, figures: await rounds.alternate(`send, ${atOnce} at once`, measurements) });
  }
  const shown = table<Figures>({
    labels: ['at once', 'what'],
    reference: 'rows',
    columns: [
      { head: 'sends/s', digits: 0, ratio: true, of: (figures) => figures.perSecond },
      { head: 'receipt p50, ms', digits: 2, of: (figures) => figures.receipt.p50Ms },
      { head: 'p99', digits: 2, of: (figures) => figures.receipt.p99Ms },
      { head: 'server CPU a send and run, us', digits: 0, of: (figures) => figures.serverCpuMicros },
      { head: 'load core', digits: 2, of: (figures) => figures.loadShare },
    ],
    rows: cases.flatMap(rowsOf),
  });
  return { tables: [shown], figures: cases };
}

function rowsOf({ atOnce, figures: { rows, verbatim } }: Case): readonly Row<Figures>[] {
  const limit = median(verbatim.map((one) => one.loadShare)) > 0.9 ? 'the load generator was the limit' : '';
  return [
    { labels: [String(atOnce), 'rows, better-sqlite3'], figures: rows },
    { labels: [String(atOnce), 'Verbatim'], figures: verbatim, reference: rows, remark: limit },
  ];
}

async function measureSends(atOnce: number, seconds: number): Promise<Figures> {
  await using server = await startServer({ server: 'verbatim' });
  await using load = new BenchProcess<SendLoadCalls>('./load/sendLoad.js', { core: 1 });
  const { port } = server;
  await load.call('send', { port, atOnce, seconds: Math.min(seconds, WARM_UP_SECONDS) });
  const before = await server.calls.call('usage');
  const report = await load.call('send', { port, atOnce, seconds });
  const after = await server.calls.call('usage');
  return { ...report, serverCpuMicros: (after.cpuMicros - before.cpuMicros) / report.receipt.count };
}

async function measureRows(rowsPerCommit: number, seconds: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-bench-'));
  try {
    await using reference = new BenchProcess<SqliteReferenceCalls>('./server/sqliteReference.js', {
      core: 0,
      args: [join(folder, 'rows.db')],
    });
    const { perSecond, commit } = await reference.call('insert', { rowsPerCommit, seconds });
    return { perSecond, receipt: commit, serverCpuMicros: Number.NaN, loadShare: Number.NaN };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
