import { descriptorLimit } from '../descriptorLimit.ts';
import { type ConnectionsFigures, type ConnectionsOrder, measureConnections } from '../measureConnections.ts';
import type { Plan } from '../plan.ts';
import type { Requirement } from '../requirement.ts';
import type { ServerName } from '../startServer.ts';
import { median, ratioOf } from '../statistics.ts';
import { type Column, type Row, table } from '../table.ts';

type Runs = readonly (readonly ConnectionsFigures[])[];

/** Where there is no limit of descriptors, or one that a machine has no memory and ports for. */
const MOST_CONNECTIONS = 30_000;
/** Descriptors that a process needs for other things than connections. */
const SPARE_DESCRIPTORS = 100;

const columns: readonly Column<ConnectionsFigures>[] = [
  { head: 'connects/s', digits: 0, ratio: true, of: (one) => one.connectsPerSecond },
  { head: 'server core', digits: 2, of: (one) => one.serverShare },
  { head: 'load core', digits: 2, of: (one) => one.loadShare },
  { head: 'memory each, KB', digits: 1, of: (one) => one.bytesEach / 1024 },
  { head: 'of it heap, KB', digits: 1, of: (one) => one.heapBytesEach / 1024 },
  { head: 'idle CPU, % of a core', digits: 2, of: (one) => one.idleShare * 100 },
];

export const connect: Plan = {
  name: 'connect',
  what:
    'Connections that are opened, authenticated and subscribed to a thread of their own, and then held: how fast, and what does each cost? ' +
    'The last row asks for as many as there are descriptors, less a hundred. Raw `ws` answers a greeting.',
  seconds: ({ quick, rounds }) =>
    2 * rounds * stages(quick).reduce((sum, { connections, idleSeconds }) => sum + 3 + connections / 2_000 + idleSeconds, 0),
  async run(rounds) {
    const measure = (server: ServerName): Promise<ConnectionsFigures[]> => measureConnections({ server, stages: stages(rounds.quick) });
    const runs = await rounds.alternate<ServerName, ConnectionsFigures[]>('connect', {
      raw: () => measure('raw'),
      verbatim: () => measure('verbatim'),
    });
    const rows = stages(rounds.quick).flatMap((_, stage) => rowsOf(runs.raw, runs.verbatim, stage));
    return {
      tables: [table({ labels: ['server', 'asked for', 'held'], columns, rows })],
      requirements: requirements(runs.raw, runs.verbatim, rounds.quick),
      figures: runs,
    };
  },
};

function stages(quick: boolean): ConnectionsOrder['stages'] {
  if (quick) return [{ connections: 1_500, idleSeconds: 0.5 }];
  return [
    { connections: 1_000, idleSeconds: 3 },
    { connections: 5_000, idleSeconds: 3 },
    // Longer than `pingIntervalMs`: holding a connection is also asking whether it is there.
    { connections: 15_000, idleSeconds: 32 },
    { connections: most(), idleSeconds: 1 },
  ];
}

function most(): number {
  return Math.min(descriptorLimit() - SPARE_DESCRIPTORS, MOST_CONNECTIONS);
}

function stageOf(runs: Runs, stage: number): ConnectionsFigures[] {
  return runs.flatMap((figures) => figures[stage] ?? []);
}

function rowsOf(raw: Runs, verbatim: Runs, stage: number): Row<ConnectionsFigures>[] {
  const reference = stageOf(raw, stage);
  return [row('raw `ws`', reference), row('Verbatim', stageOf(verbatim, stage), reference)];
}

function row(server: string, figures: readonly ConnectionsFigures[], reference?: readonly ConnectionsFigures[]): Row<ConnectionsFigures> {
  const held = median(figures.map((one) => one.held));
  const failures = new Set(figures.flatMap(({ failure }) => failure ?? []));
  const remarks = [...failures].map((failure) => `ended by: ${failure}`);
  if (median(figures.map((one) => one.loadShare)) > 0.9) remarks.push('the load generator was the limit');
  return { labels: [server, String(figures[0]?.asked ?? '-'), String(held)], figures, reference, remark: remarks.join('; ') };
}

function requirements(rawRuns: Runs, verbatimRuns: Runs, quick: boolean): Requirement[] {
  const main = quick ? 0 : 2;
  const [raw, verbatim] = [stageOf(rawRuns, main), stageOf(verbatimRuns, main)];
  const rate = (one: ConnectionsFigures): number => one.connectsPerSecond;
  const held = median(verbatimRuns.map((figures) => figures.at(-1)?.held ?? 0));
  const asked = stages(quick)[main]?.connections ?? 0;
  const limit = quick ? asked : most();
  return [
    {
      id: 23,
      what: `memory of a connection with a live subscription, ${asked} held`,
      unit: 'KB',
      digits: 1,
      must: 24,
      aim: 16,
      measured: median(verbatim.map((one) => one.bytesEach)) / 1024,
    },
    { id: 24, what: 'connections held', unit: '', digits: 0, must: asked, aim: limit, measured: held, atLeast: true },
    {
      id: 25,
      what: `connects/s, to ${asked}`,
      unit: 'x raw',
      digits: 2,
      must: 0.3,
      aim: 0.5,
      measured: ratioOf(verbatim.map(rate), raw.map(rate)).ratio,
      atLeast: true,
    },
  ];
}
