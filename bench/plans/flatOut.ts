import { measureStreams, type StreamFigures, type StreamOrder, streamSeconds } from '../measureStreams.ts';
import type { Plan } from '../plan.ts';
import type { Requirement } from '../requirement.ts';
import { ratioOf } from '../statistics.ts';
import { deliveryColumns, rateColumn, shareColumns, streamRemark } from '../streamTable.ts';
import { type Column, type Row, table } from '../table.ts';

type Flood = 'raw' | 'corked' | 'verbatim';

interface Case {
  readonly streams: number;
  readonly raw: readonly StreamFigures[];
  readonly corked: readonly StreamFigures[];
  readonly verbatim: readonly StreamFigures[];
}

/** Times raw's tokens/s that each number of streams must reach, and aims at. */
const GOALS = [
  { streams: 1, must: 2, aim: 3.5 },
  { streams: 10, must: 4, aim: 9 },
  { streams: 100, must: 2, aim: 6 },
];
/** Each stream is one message, and an endless one here. */
const LIMITS = { maxMessageBytes: 1024 * 1024 * 1024 };

export const flatOut: Plan = {
  name: 'flat-out',
  what: 'Streams as fast as they go, one connection each: how many tokens a second arrive? Verbatim joins adjacent tokens, raw `ws` does not: the row between shows what it does when its socket is corked.',
  seconds: ({ quick, rounds }) => GOALS.reduce((sum, { streams }) => sum + 3 * rounds * streamSeconds(order('raw', streams, quick)), 0),
  async run(rounds) {
    const cases: Case[] = [];
    for (const { streams } of GOALS) {
      const figures = await rounds.alternate<Flood, StreamFigures>(`flat-out ${streams}`, {
        raw: () => measureStreams(order('raw', streams, rounds.quick)),
        corked: () => measureStreams(order('corked', streams, rounds.quick)),
        verbatim: () => measureStreams(order('verbatim', streams, rounds.quick)),
      });
      cases.push({ streams, ...figures });
    }
    const rate: Column<StreamFigures> = { ...rateColumn, ratio: true };
    const shown = table({
      labels: ['streams', 'server'],
      columns: [rate, ...deliveryColumns, ...shareColumns],
      rows: cases.flatMap(rowsOf),
    });
    return { tables: [shown], requirements: cases.map(requirement), figures: cases };
  },
};

function order(dialect: Flood, streams: number, quick: boolean): StreamOrder {
  const common = { dialect, connections: streams, streamsPerConnection: 1, tokensPerSecond: 0, limits: LIMITS };
  return quick ? { ...common, warmUpSeconds: 0.2, seconds: 0.3 } : { ...common, warmUpSeconds: 1, seconds: 3 };
}

function rowsOf({ streams, raw, corked, verbatim }: Case): Row<StreamFigures>[] {
  return [
    { labels: [String(streams), 'raw `ws`'], figures: raw, remark: streamRemark(raw) },
    { labels: [String(streams), 'raw `ws`, 64 tokens a write'], figures: corked, reference: raw, remark: streamRemark(corked) },
    { labels: [String(streams), 'Verbatim'], figures: verbatim, reference: raw, remark: streamRemark(verbatim) },
  ];
}

function requirement({ streams, raw, verbatim }: Case, index: number): Requirement {
  const { must = Number.NaN, aim = Number.NaN } = GOALS[index] ?? {};
  const measured = ratioOf(verbatim.map(rateColumn.of), raw.map(rateColumn.of)).ratio;
  return { id: 20, what: `tokens/s of ${streams} flat-out streams`, unit: 'x raw', digits: 2, must, aim, measured, atLeast: true };
}
