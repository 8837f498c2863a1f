import { BenchProcess } from '../benchProcess.ts';
import type { CatchUpLoadCalls, CatchUpOrder, CatchUpReport } from '../load/catchUpLoad.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import { seedDatabase, seededThreadId } from '../seed/seedDatabase.ts';
import type { SqliteReferenceCalls } from '../server/sqliteReference.ts';
import { startServer } from '../startServer.ts';
import { median } from '../statistics.ts';
import { type Row, table } from '../table.ts';

interface Figures {
  readonly case: string;
  readonly eventsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly tookP50Ms: number;
  readonly tookP99Ms: number;
  readonly eventsPerFrame: number;
  readonly loadShare: number;
}

const NONE = Number.NaN;
const RUNS = 10;
const TAIL_EVENTS = 100;
/** Repeated within a round; compilation is over by the last ones. */
const REPEATS = 10;

export const catchUp: Plan = {
  name: 'catch-up',
  what: 'A thread of 100,000 events, nearly all token deltas, read from its beginning. Events are counted as stored; delivered, they are joined. The reference reads the same rows of the same file with better-sqlite3 alone.',
  seconds: ({ quick, rounds }) => (quick ? 3 : rounds * 25),
  run,
};

async function run(rounds: Rounds): Promise<PlanReport> {
  const { all } = await rounds.alternate('catch-up', { all: () => measure(rounds.quick) });
  const cases = all[0]?.map((figures) => figures.case) ?? [];
  const figuresOf = (name: string): readonly Figures[] => all.flatMap((round) => round.filter((figures) => figures.case === name));
  const [reference = '', one = ''] = cases;
  const rows = cases.map((name): Row<Figures> => {
    const figures = figuresOf(name);
    const isLoad = median(figures.map((one) => one.loadShare)) > 0.9;
    const compares = figures.every((one) => !Number.isNaN(one.eventsPerSecond)) && name !== reference;
    return {
      labels: [name],
      figures,
      reference: compares ? figuresOf(reference) : undefined,
      remark: isLoad ? 'the load generator was the limit' : '',
    };
  });
  const shown = table({
    labels: ['what is read'],
    reference: 'reading rows',
    columns: [
      { head: 'events/s', digits: 0, ratio: true, of: (figures) => figures.eventsPerSecond },
      { head: 'MB/s', digits: 1, of: (figures) => figures.megabytesPerSecond },
      { head: 'took p50, ms', digits: 1, of: (figures) => figures.tookP50Ms },
      { head: 'p99', digits: 1, of: (figures) => figures.tookP99Ms },
      { head: 'events a frame', digits: 1, of: (figures) => figures.eventsPerFrame },
      { head: 'load core', digits: 2, of: (figures) => figures.loadShare },
    ],
    rows,
  });
  const measured = median(figuresOf(one).map((figures) => figures.eventsPerSecond));
  const what = 'catch-up of 100,000 token events, one reader';
  const requirement = { id: 27, what, unit: '/s', digits: 0, must: 300_000, aim: 1_000_000, measured, atLeast: true };
  return { tables: [shown], requirements: [requirement], figures: all };
}

/** All cases of one round, in a server that does nothing else. */
async function measure(quick: boolean): Promise<readonly Figures[]> {
  const eventsPerRun = quick ? 100 : 10_000;
  const prepare = (file: string): Promise<void> => seedDatabase(file, { threads: 1, runsPerThread: RUNS, eventsPerRun, users: 1 });
  await using server = await startServer({ server: 'verbatim', prepare });
  await using load = new BenchProcess<CatchUpLoadCalls>('./load/catchUpLoad.js', { core: 1 });
  const head = RUNS * eventsPerRun;
  const all: CatchUpOrder = { port: server.port, token: 'user-0', threadId: seededThreadId(0), readers: 1, afterSeq: 0, head };
  const many = quick ? 5 : 100;
  const repeat = (order: CatchUpOrder): Promise<CatchUpReport[]> => times(REPEATS, () => load.call('read', order));
  const one = await repeat(all);
  const figures = [
    await readRows(server.database),
    merged('from 0, one reader', one),
    merged(`from 0, ${many} readers at once`, [await load.call('read', { ...all, readers: many })]),
    merged(`the last ${TAIL_EVENTS}, one reader`, await repeat({ ...all, afterSeq: head - TAIL_EVENTS })),
  ];
  const { took, bytes } = await load.call('snapshots', all);
  const megabytesPerSecond = bytes / 1_000 / took.p50Ms;
  const empty = { eventsPerSecond: NONE, eventsPerFrame: NONE, loadShare: NONE };
  return [...figures, { case: 'its snapshot', ...empty, megabytesPerSecond, tookP50Ms: took.p50Ms, tookP99Ms: took.p99Ms }];
}

async function readRows(database: string): Promise<Figures> {
  await using reference = new BenchProcess<SqliteReferenceCalls>('./server/sqliteReference.js', { core: 0, args: [database] });
  const reads = await times(REPEATS, () => reference.call('read', 1));
  const seconds = median(reads.map((read) => read.seconds));
  const events = reads[0]?.events ?? NONE;
  const empty = { megabytesPerSecond: NONE, eventsPerFrame: NONE, loadShare: NONE };
  return { case: 'rows, better-sqlite3', eventsPerSecond: events / seconds, tookP50Ms: seconds * 1_000, tookP99Ms: NONE, ...empty };
}

/** The median of what was repeated. */
function merged(name: string, reports: readonly CatchUpReport[]): Figures {
  const middle = (of: (report: CatchUpReport) => number): number => median(reports.map(of));
  return {
    case: name,
    eventsPerSecond: middle((report) => report.events / report.seconds),
    megabytesPerSecond: middle((report) => report.bytes / 1_000_000 / report.seconds),
    tookP50Ms: middle((report) => report.took.p50Ms),
    tookP99Ms: middle((report) => report.took.p99Ms),
    eventsPerFrame: middle((report) => report.events / report.frames),
    loadShare: middle((report) => report.loadShare),
  };
}

async function times<Result>(count: number, work: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let index = 0; index < count; index++) results.push(await work());
  return results;
}
