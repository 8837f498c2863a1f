import { BenchProcess } from '../benchProcess.ts';
import { sleep } from '../clock.ts';
import type { StalledLoadCalls } from '../load/stalledLoad.ts';
import type { StreamLoadCalls } from '../load/streamLoad.ts';
import { measureWindow, type WindowFigures } from '../measureWindow.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import { type Seed, seedDatabase, seededThreadId } from '../seed/seedDatabase.ts';
import { startServer } from '../startServer.ts';
import { shareColumns, streamRemark } from '../streamTable.ts';
import { table } from '../table.ts';

interface Figures extends WindowFigures {
  readonly arrivedShare: number;
  /** What the server's sockets hold for readers who do not keep up. */
  readonly bufferedBytes: number;
  readonly watches: number;
}

interface Sizes {
  readonly streams: number;
  readonly stalled: number;
  readonly warmUpSeconds: number;
  /** Until their sockets are full, and the others have caught up with what that cost. */
  readonly settleSeconds: number;
  readonly seconds: number;
  /** One thread. A kernel holds up to 10 MB for a socket on a loopback. */
  readonly seed: Seed;
}

const RATE = 20;
const MEGABYTE = 1e6;

export const slow: Plan = {
  name: 'slow',
  what: `1000 streams at ${RATE} tokens/s. 100 of their readers ask for a long thread besides and then read nothing, with open sockets: what do they cost the others once their sockets are full, and the server's memory? The reference is the same without them: all 1000 read.`,
  seconds: ({ quick, rounds }) => {
    const { warmUpSeconds, settleSeconds, seconds } = sizesOf(quick);
    return rounds * 2 * (warmUpSeconds + settleSeconds + seconds + 5);
  },
  run,
};

function sizesOf(quick: boolean): Sizes {
  const seed = { threads: 1, users: 1, eventsPerRun: 500, token: `${'token '.repeat(160)} ` };
  if (quick) return { streams: 20, stalled: 5, warmUpSeconds: 0.2, settleSeconds: 0.5, seconds: 0.5, seed: { ...seed, runsPerThread: 2 } };
  return { streams: 1_000, stalled: 100, warmUpSeconds: 3, settleSeconds: 8, seconds: 6, seed: { ...seed, runsPerThread: 25 } };
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const sizes = sizesOf(rounds.quick);
  const figures = await rounds.alternate('slow', { without: () => measure(sizes, 0), stalled: () => measure(sizes, sizes.stalled) });
  const shown = table<Figures>({
    labels: ['readers'],
    reference: 'without',
    columns: [
      { head: 'delivery p50 of the healthy, ms', digits: 2, of: (one) => one.delivery.p50Ms },
      { head: 'p99', digits: 2, ratio: true, of: (one) => one.delivery.p99Ms },
      { head: 'server CPU a token, us', digits: 1, of: (one) => one.cpuMicros / one.tokensMade },
      { head: 'server memory, MB', digits: 0, of: (one) => one.residentBytes / MEGABYTE },
      { head: 'held in sockets, MB', digits: 1, of: (one) => one.bufferedBytes / MEGABYTE },
      { head: 'watches', digits: 0, of: (one) => one.watches },
      ...shareColumns,
    ],
    rows: [
      { labels: [`${sizes.streams} read`], figures: figures.without, remark: streamRemark(figures.without) },
      {
        labels: [`${sizes.streams - sizes.stalled} read, ${sizes.stalled} do not`],
        figures: figures.stalled,
        reference: figures.without,
        remark: streamRemark(figures.stalled),
      },
    ],
  });
  return { tables: [shown], figures };
}

async function measure({ streams, warmUpSeconds, settleSeconds, seconds, seed }: Sizes, stalled: number): Promise<Figures> {
  await using server = await startServer({ server: 'verbatim', prepare: (file) => seedDatabase(file, seed) });
  await using load = new BenchProcess<StreamLoadCalls>('./load/streamLoad.js', { core: 1 });
  await using stalledLoad = new BenchProcess<StalledLoadCalls>('./load/stalledLoad.js', { core: 1 });
  const healthy = streams - stalled;
  const schedule = { tokensPerSecond: RATE, tokens: RATE * 120 };
  await load.call('open', { dialect: 'verbatim', port: server.port, connections: healthy });
  await load.call('begin', { streamsPerConnection: 1, schedule, overMs: 1_000 });
  await sleep(warmUpSeconds * 1_000);
  const { port } = server;
  await stalledLoad.call('stall', { port, token: 'user-0', readers: stalled, schedule, threadId: seededThreadId(0) });
  await sleep(settleSeconds * 1_000);

  const window = await measureWindow(server, load, seconds);
  const { stats } = await server.calls.call('holdings');
  return {
    ...window,
    arrivedShare: window.tokensPerSecond / (RATE * healthy),
    bufferedBytes: stats?.bufferedBytes ?? Number.NaN,
    watches: stats?.watches ?? Number.NaN,
  };
}
