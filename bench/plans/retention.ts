import { measureStreams, type StreamFigures, type StreamOrder, streamSeconds } from '../measureStreams.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import { openSqlite } from '../seed/openSqlite.ts';
import { type Seed, seedDatabase } from '../seed/seedDatabase.ts';
import { median } from '../statistics.ts';
import { cpuColumn, deliveryColumns, shareColumns, streamRemark } from '../streamTable.ts';
import { table } from '../table.ts';

const RATE = 20;
const STREAMS = 1_000;
const DAY_MS = 24 * 60 * 60_000;
const SECONDS_A_MILLION = 2.5;

export const retention: Plan = {
  name: 'retention',
  what: `${STREAMS} streams at ${RATE} tokens/s over a file of old threads, while their events are folded and while nothing is. Does anybody notice?`,
  seconds: ({ quick, rounds }) => 2 * rounds * (streamSeconds(order(quick, true)) + (eventsOf(seedOf(quick)) / 1e6) * SECONDS_A_MILLION),
  run,
};

function seedOf(quick: boolean): Seed {
  const users = quick ? 20 : STREAMS;
  return quick
    ? { threads: 20, runsPerThread: 1, eventsPerRun: 20, users }
    : { threads: 2_000, runsPerThread: 1, eventsPerRun: 500, users };
}

function eventsOf({ threads, runsPerThread, eventsPerRun }: Seed): number {
  return threads * runsPerThread * eventsPerRun;
}

/** The first sweep begins ten seconds after the start: in the middle of the warm-up. */
function order(quick: boolean, isOld: boolean): StreamOrder {
  return {
    dialect: 'verbatim',
    connections: quick ? 20 : STREAMS,
    streamsPerConnection: 1,
    tokensPerSecond: RATE,
    warmUpSeconds: quick ? 0.2 : 12,
    seconds: quick ? 0.5 : 10,
    async prepare(file) {
      await seedDatabase(file, seedOf(quick));
      if (isOld) makeOld(file);
    },
  };
}

/** All of it ended a hundred days ago. */
function makeOld(file: string): void {
  const raw = openSqlite(file);
  try {
    const at = Date.now() - 100 * DAY_MS;
    raw.prepare('update runs set created_at = ?, started_at = ?, ended_at = ?').run(at, at, at);
    raw.prepare('update threads set created_at = ?, updated_at = ?').run(at, at);
    raw.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    raw.close();
  }
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const figures = await rounds.alternate<string, StreamFigures>('retention', {
    'nothing to fold': () => measureStreams(order(rounds.quick, false)),
    folding: () => measureStreams(order(rounds.quick, true)),
  });
  const without = figures['nothing to fold'] ?? [];
  const shown = table({
    labels: ['over old threads'],
    reference: 'without',
    columns: [cpuColumn, ...deliveryColumns, ...shareColumns],
    rows: Object.entries(figures).map(([label, all]) => ({
      labels: [label],
      figures: all,
      reference: all === without ? undefined : without,
      remark: streamRemark(all),
    })),
  });
  const p99 = (all: readonly StreamFigures[]): number => median(all.map((one) => one.delivery.p99Ms));
  const measured = p99(figures.folding ?? []) - p99(without);
  return {
    tables: [shown],
    requirements: [
      { id: 530, what: 'delivery p99 while old events are folded, over without', unit: 'ms', digits: 1, must: 8, aim: 2, measured },
    ],
    figures,
  };
}
