import { measureStreams, type StreamFigures, type StreamOrder, streamSeconds } from '../measureStreams.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import { type Seed, seedDatabase, seededThreadId } from '../seed/seedDatabase.ts';
import { ratioOf } from '../statistics.ts';
import { cpuColumn, deliveryColumns, shareColumns, streamRemark } from '../streamTable.ts';
import { format, table } from '../table.ts';

const RATE = 20;
const STREAMS = 1_000;
/** What seeding a million events takes. */
const SECONDS_A_MILLION = 2.5;

export const growth: Plan = {
  name: 'growth',
  what: `${STREAMS} streams at ${RATE} tokens/s, half of them in threads that were there before, with few and with many events in the file. Does it become slower?`,
  seconds: ({ quick, rounds }) =>
    seeds(quick).reduce((sum, seed) => sum + rounds * (streamSeconds(order(seed, quick)) + (eventsOf(seed) / 1e6) * SECONDS_A_MILLION), 0),
  run,
};

function seeds(quick: boolean): readonly Seed[] {
  const users = streamsOf(quick);
  if (quick) return [1, 10].map((runsPerThread) => ({ threads: 20, runsPerThread, eventsPerRun: 20, users }));
  return [
    // Half as many threads as streams at least.
    { threads: 500, runsPerThread: 1, eventsPerRun: 20, users },
    { threads: 2_000, runsPerThread: 1, eventsPerRun: 500, users },
    { threads: 20_000, runsPerThread: 1, eventsPerRun: 500, users },
  ];
}

function streamsOf(quick: boolean): number {
  return quick ? 20 : STREAMS;
}

function eventsOf({ threads, runsPerThread, eventsPerRun }: Seed): number {
  return threads * runsPerThread * eventsPerRun;
}

function order(seed: Seed, quick: boolean): StreamOrder {
  return {
    dialect: 'verbatim',
    connections: streamsOf(quick),
    streamsPerConnection: 1,
    tokensPerSecond: RATE,
    warmUpSeconds: quick ? 0.2 : 2,
    seconds: quick ? 0.5 : 6,
    prepare: (file) => seedDatabase(file, seed),
    threadIds: Object.fromEntries(oldThreads(seed).map(({ user, thread }) => [user, seededThreadId(thread)])),
  };
}

/** A thread for each second user, from all over the file; or for the first ones, where there are few. */
function oldThreads({ threads, users }: Seed): readonly { readonly user: number; readonly thread: number }[] {
  const each = Math.floor(threads / users);
  return Array.from({ length: users / 2 }, (_, index) => {
    const user = each === 0 ? index : 2 * index;
    return { user, thread: user + users * (each === 0 ? 0 : index % each) };
  });
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const sizes = new Map(seeds(rounds.quick).map((seed) => [format(eventsOf(seed), 0), seed]));
  const measurements = Object.fromEntries(
    [...sizes].map(([size, seed]) => [`${size} events`, () => measureStreams(order(seed, rounds.quick))]),
  );
  const figures = await rounds.alternate<string, StreamFigures>('growth', measurements);
  const [[, few = []] = [], ...more] = Object.entries(figures);
  const shown = table({
    labels: ['in the file'],
    reference: 'few',
    columns: [
      cpuColumn,
      ...deliveryColumns,
      { head: 'boot, ms', digits: 0, of: (one) => one.bootMs },
      { head: 'memory, MB', digits: 0, of: (one) => one.residentBytes / 1e6 },
      ...shareColumns,
    ],
    rows: Object.entries(figures).map(([size, all]) => ({
      labels: [size],
      figures: all,
      reference: all === few ? undefined : few,
      remark: streamRemark(all),
    })),
  });
  const [most, all = []] = more.at(-1) ?? [];
  const measured = ratioOf(all.map(cpuColumn.of), few.map(cpuColumn.of)).ratio;
  const what = `CPU a token with ${most ?? 'more'} in the file, to few`;
  return { tables: [shown], requirements: [{ id: 28, what, unit: 'x', digits: 2, must: 1.3, aim: 1.1, measured }], figures };
}
