import { measureStreams, type StreamFigures, type StreamOrder, streamSeconds } from '../measureStreams.ts';
import type { Plan } from '../plan.ts';
import { median, ratioOf } from '../statistics.ts';
import { cpuColumn, deliveryColumns, firstTokenColumn, rateColumn, shareColumns, streamRemark } from '../streamTable.ts';
import { table } from '../table.ts';

const RATE = 20;

export const dense: Plan = {
  name: 'dense',
  what: `Ten streams at ${RATE} tokens/s on each connection, as of a user with ten agents at work, against as many streams with a connection each.`,
  seconds: ({ quick, rounds }) => rounds * (streamSeconds(rawOrder(quick)) + streamSeconds(verbatimOrder(quick))),
  async run(rounds) {
    const { raw, verbatim } = await rounds.alternate<'raw' | 'verbatim', StreamFigures>('dense', {
      raw: () => measureStreams(rawOrder(rounds.quick)),
      verbatim: () => measureStreams(verbatimOrder(rounds.quick)),
    });
    const { connections, streamsPerConnection } = verbatimOrder(rounds.quick);
    const streams = connections * streamsPerConnection;
    const shown = table({
      labels: ['server', 'streams', 'connections'],
      columns: [cpuColumn, ...deliveryColumns, firstTokenColumn, rateColumn, ...shareColumns],
      rows: [
        { labels: ['raw `ws`', String(streams), String(streams)], figures: raw, remark: streamRemark(raw) },
        {
          labels: ['Verbatim', String(streams), String(connections)],
          figures: verbatim,
          reference: raw,
          remark: streamRemark(verbatim),
        },
      ],
    });
    const at = `of ${streams} streams over ${connections} connections`;
    return {
      tables: [shown],
      requirements: [
        {
          id: 18,
          what: `CPU a token ${at}`,
          unit: 'x raw',
          digits: 2,
          must: 1.2,
          aim: 1,
          measured: ratioOf(verbatim.map(cpuColumn.of), raw.map(cpuColumn.of)).ratio,
        },
        {
          id: 22,
          what: `send to first token p99, over the model's, beside ${streams} streams over ${connections} connections`,
          unit: 'ms',
          digits: 1,
          must: 100,
          aim: 10,
          measured: median(verbatim.map(firstTokenColumn.of)),
        },
      ],
      figures: { raw, verbatim },
    };
  },
};

function verbatimOrder(quick: boolean): StreamOrder {
  const common = { dialect: 'verbatim', streamsPerConnection: 10, tokensPerSecond: RATE } as const;
  return quick
    ? { ...common, connections: 2, warmUpSeconds: 0.2, seconds: 0.5, probes: 20 }
    : { ...common, connections: 100, warmUpSeconds: 2, seconds: 4, probes: 160 };
}

function rawOrder(quick: boolean): StreamOrder {
  const order = verbatimOrder(quick);
  return { ...order, dialect: 'raw', connections: order.connections * order.streamsPerConnection, streamsPerConnection: 1 };
}
