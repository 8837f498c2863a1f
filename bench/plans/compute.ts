import { BenchProcess } from '../benchProcess.ts';
import { sleep } from '../clock.ts';
import type { ComputeLoadCalls } from '../load/computeLoad.ts';
import type { StreamLoadCalls } from '../load/streamLoad.ts';
import { measureWindow, type WindowFigures } from '../measureWindow.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import { startServer } from '../startServer.ts';
import { median, type Quantiles } from '../statistics.ts';
import { deliveryColumns, shareColumns, streamRemark } from '../streamTable.ts';
import { type Row, table } from '../table.ts';

interface Figures extends WindowFigures {
  readonly arrivedShare: number;
  /** Calls that ended within the window. */
  readonly computed: number;
  /** Of sends while all that goes on. Tokens are made by the server too, so one that stands still makes none that could be late. */
  readonly firstToken: Quantiles;
}

interface Sizes {
  readonly streams: number;
  readonly computeMs: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly probes: number;
}

const PROBES_PER_SECOND = 40;
const RATE = 20;
/** With one thread for tools, where the server has one core, another call always waits. */
const USERS = 2;
/** Agents of the server. */
const AGENTS = { none: undefined, worker: 'computing', here: 'computingHere' } as const;

type Case = keyof typeof AGENTS;

export const compute: Plan = {
  name: 'compute',
  what: `1000 streams at ${RATE} tokens/s, while tools compute for two seconds each, one after the other without a pause: in a worker thread that shares the server's one core, and in the server's own thread. What do they cost the streams?`,
  seconds: ({ quick, rounds }) => {
    const { warmUpSeconds, seconds, probes } = sizesOf(quick);
    return rounds * 3 * (warmUpSeconds + seconds + probes / PROBES_PER_SECOND + 6);
  },
  run,
};

function sizesOf(quick: boolean): Sizes {
  if (quick) return { streams: 20, computeMs: 100, warmUpSeconds: 0.2, seconds: 0.5, probes: 20 };
  return { streams: 1_000, computeMs: 2_000, warmUpSeconds: 3, seconds: 10, probes: 160 };
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const sizes = sizesOf(rounds.quick);
  const figures = await rounds.alternate<Case, Figures>('compute', {
    none: () => measure(sizes, 'none'),
    worker: () => measure(sizes, 'worker'),
    here: () => measure(sizes, 'here'),
  });
  const row = (label: string, of: Case): Row<Figures> => ({
    labels: [label],
    figures: figures[of],
    reference: of === 'none' ? undefined : figures.none,
    remark: streamRemark(figures[of]),
  });
  const shown = table<Figures>({
    labels: ['tools'],
    columns: [
      ...deliveryColumns,
      { head: 'first token p99, ms', digits: 2, of: (one) => one.firstToken.p99Ms },
      { head: 'calls computed', digits: 0, of: (one) => one.computed },
      ...shareColumns,
    ],
    rows: [row('none', 'none'), row('compute in a worker', 'worker'), row("compute in the server's thread", 'here')],
  });
  const requirement = {
    id: 30,
    what: `delivery p99 at ${sizes.streams} x ${RATE} tokens/s while a worker computes`,
    unit: 'ms',
    digits: 1,
    must: 50,
    aim: 10,
    measured: median(figures.worker.map((one) => one.delivery.p99Ms)),
  };
  return { tables: [shown], requirements: [requirement], figures };
}

async function measure({ streams, computeMs, warmUpSeconds, seconds, probes }: Sizes, which: Case): Promise<Figures> {
  await using server = await startServer({ server: 'verbatim' });
  await using load = new BenchProcess<StreamLoadCalls>('./load/streamLoad.js', { core: 1 });
  await using computing = new BenchProcess<ComputeLoadCalls>('./load/computeLoad.js', { core: 1 });
  await load.call('open', { dialect: 'verbatim', port: server.port, connections: streams });
  await load.call('begin', { streamsPerConnection: 1, schedule: { tokensPerSecond: RATE, tokens: RATE * 120 }, overMs: 1_000 });
  const agent = AGENTS[which];
  if (agent !== undefined) await computing.call('keepComputing', { port: server.port, agent, ms: computeMs, users: USERS });
  await sleep(warmUpSeconds * 1_000);

  const before = await computing.call('computed');
  const window = await measureWindow(server, load, seconds);
  const computed = (await computing.call('computed')) - before;
  const firstToken = await load.call('probe', { sends: probes, perSecond: PROBES_PER_SECOND });
  return { ...window, arrivedShare: window.tokensPerSecond / (RATE * streams), computed, firstToken };
}
