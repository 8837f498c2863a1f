import { bundleGzipBytes } from '../bundleSize.ts';
import { measureStreams, type StreamFigures, type StreamOrder, streamSeconds } from '../measureStreams.ts';
import type { Plan, PlanReport } from '../plan.ts';
import type { Rounds } from '../rounds.ts';
import { deliveryColumns, shareColumns, streamRemark } from '../streamTable.ts';
import { markdown, spread, table } from '../table.ts';
import { typeCheckSeconds } from '../typeCheck.ts';

interface Case {
  readonly streams: number;
  readonly figures: Readonly<Record<'frames' | 'sdk', readonly StreamFigures[]>>;
}

const RATE = 20;
const AGENTS = 50;

export const sdk: Plan = {
  name: 'sdk',
  what: `The client of the package in Node: N streams at ${RATE} tokens/s, a client each, in one load process; the reference is the benchmark's own reader of plain frames. Then what a browser downloads, and how long the compiler takes for ${AGENTS} agents of 10 tools each.`,
  seconds: ({ quick, rounds }) =>
    sizes(quick).reduce((sum, streams) => sum + rounds * 2 * streamSeconds(order('sdk', streams, quick)), 0) + (quick ? 4 : rounds * 8),
  run,
};

function sizes(quick: boolean): readonly number[] {
  return quick ? [20] : [100, 300, 1_000];
}

function order(dialect: 'verbatim' | 'sdk', streams: number, quick: boolean): StreamOrder {
  const time = quick ? { warmUpSeconds: 0.2, seconds: 0.5 } : { warmUpSeconds: 3, seconds: 4 };
  return { dialect, connections: streams, streamsPerConnection: 1, tokensPerSecond: RATE, ...time };
}

async function run(rounds: Rounds): Promise<PlanReport> {
  const cases: Case[] = [];
  for (const streams of sizes(rounds.quick)) {
    const figures = await rounds.alternate(`sdk ${streams}`, {
      frames: () => measureStreams(order('verbatim', streams, rounds.quick)),
      sdk: () => measureStreams(order('sdk', streams, rounds.quick)),
    });
    cases.push({ streams, figures });
  }
  const agents = rounds.quick ? 2 : AGENTS;
  const types = await rounds.alternate('types', { none: async () => typeCheckSeconds(0), many: async () => typeCheckSeconds(agents) });
  const gzipBytes = await bundleGzipBytes();
  const more = types.many.map((seconds, round) => seconds - (types.none[round] ?? Number.NaN));
  const sizesTable = markdown(
    ['what', 'figure'],
    [
      ['client for the browser, gzip', `${(gzipBytes / 1024).toFixed(1)} KB`],
      ['type-check with no agents', `${spread(types.none, 2)} s`],
      [`type-check with ${agents} agents`, `${spread(types.many, 2)} s`],
      ['what the agents take of it', `${spread(more, 2)} s`],
    ],
  );
  const requirement = {
    id: 29,
    what: 'client for the browser, gzip',
    unit: 'KB',
    digits: 1,
    must: 40,
    aim: 25,
    measured: gzipBytes / 1024,
  };
  return { tables: [clientTable(cases), sizesTable], requirements: [requirement], figures: { cases, types, gzipBytes } };
}

function clientTable(cases: readonly Case[]): string {
  const cpu = (one: StreamFigures): number => (one.loadShare * 1e6) / one.tokensPerSecond;
  return table<StreamFigures>({
    labels: ['streams', 'reader'],
    reference: 'frames',
    columns: [{ head: 'client CPU a token, us', digits: 1, ratio: true, of: cpu }, ...deliveryColumns, ...shareColumns],
    rows: cases.flatMap(({ streams, figures: { frames, sdk } }) => [
      { labels: [String(streams), 'plain frames'], figures: frames, remark: streamRemark(frames) },
      { labels: [String(streams), '`verbatim-agents/client`'], figures: sdk, reference: frames, remark: streamRemark(sdk) },
    ]),
  });
}
