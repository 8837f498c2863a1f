import { type ConnectionsFigures, measureConnections } from '../measureConnections.ts';
import { measureStreams, type StreamFigures, type StreamOrder, streamSeconds } from '../measureStreams.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import type { Trust } from '../startServer.ts';
import { median, ratioOf } from '../statistics.ts';
import { cpuColumn, deliveryColumns, shareColumns, streamRemark } from '../streamTable.ts';
import { table } from '../table.ts';

const RATE = 20;
const STREAMS = 1_000;
const CONNECTIONS = 5_000;

export const trust: Plan = {
  name: 'trust',
  what: `${STREAMS} streams at ${RATE} tokens/s, and ${CONNECTIONS} connections that are held, of a server that knows who is calling, bounds them and counts what it does, and of one that does none of it. What does that cost?`,
  seconds: ({ quick, rounds }) => 2 * rounds * (streamSeconds(order(quick, 'open')) + (quick ? 4 : 14)),
  run,
};

function order(quick: boolean, trusting: Trust): StreamOrder {
  return {
    dialect: 'verbatim',
    connections: quick ? 20 : STREAMS,
    streamsPerConnection: 1,
    tokensPerSecond: RATE,
    warmUpSeconds: quick ? 0.2 : 3,
    seconds: quick ? 0.5 : 10,
    trust: trusting,
  };
}

async function held(quick: boolean, trusting: Trust): Promise<ConnectionsFigures> {
  const connections = quick ? 1_000 : CONNECTIONS;
  const [figures] = await measureConnections({ server: 'verbatim', trust: trusting, stages: [{ connections, idleSeconds: 1 }] });
  if (figures === undefined) throw new Error('no connection was held');
  return figures;
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const { quick } = rounds;
  const streams = await rounds.alternate<Trust, StreamFigures>('trust', {
    open: () => measureStreams(order(quick, 'open')),
    guarded: () => measureStreams(order(quick, 'guarded')),
  });
  const memory = await rounds.alternate<Trust, ConnectionsFigures>('trust, held', {
    open: () => held(quick, 'open'),
    guarded: () => held(quick, 'guarded'),
  });
  const names = { open: 'nobody asked, bounded or counted', guarded: 'authentication, limits and metrics' } as const;
  const cases = ['open', 'guarded'] as const;
  const costs = table<StreamFigures>({
    labels: ['server'],
    reference: 'the first',
    columns: [cpuColumn, ...deliveryColumns, ...shareColumns],
    rows: cases.map((which) => ({
      labels: [names[which]],
      figures: streams[which],
      reference: which === 'open' ? undefined : streams.open,
      remark: streamRemark(streams[which]),
    })),
  });
  const kilobytes = (one: ConnectionsFigures): number => one.bytesEach / 1024;
  const sizes = table<ConnectionsFigures>({
    labels: ['server'],
    columns: [
      { head: 'memory each, KB', digits: 1, of: kilobytes },
      { head: 'connects/s', digits: 0, of: (one) => one.connectsPerSecond },
    ],
    rows: cases.map((which) => ({ labels: [names[which]], figures: memory[which], reference: undefined, remark: '' })),
  });
  const cpu = ratioOf(streams.guarded.map(cpuColumn.of), streams.open.map(cpuColumn.of)).ratio;
  const bytes = median(memory.guarded.map(kilobytes)) - median(memory.open.map(kilobytes));
  return {
    tables: [costs, sizes],
    requirements: [
      {
        id: 535,
        what: 'CPU a token with authentication, limits and metrics, to none',
        unit: 'x',
        digits: 2,
        must: 1.05,
        aim: 1.02,
        measured: cpu,
      },
      { id: 536, what: 'memory of a connection for the same', unit: 'KB', digits: 1, must: 2, aim: 1, measured: bytes },
    ],
    figures: { streams, memory },
  };
}
