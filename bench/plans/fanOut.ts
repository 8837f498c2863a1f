import { BenchProcess } from '../benchProcess.ts';
import { sleep } from '../clock.ts';
import type { FanOutLoadCalls } from '../load/fanOutLoad.ts';
import { measureWindow, type WindowFigures } from '../measureWindow.ts';
import type { Plan } from '../plan.ts';
import { type ServerName, startServer } from '../startServer.ts';
import { median } from '../statistics.ts';
import { deliveryColumns, rateColumn, shareColumns, streamRemark } from '../streamTable.ts';
import { type Column, type Row, table } from '../table.ts';

interface FanOutFigures extends WindowFigures {
  readonly arrivedShare: number;
}

interface Case {
  readonly readers: number;
  readonly raw: readonly FanOutFigures[];
  readonly verbatim: readonly FanOutFigures[];
}

const RATE = 20;

const cpuColumn: Column<FanOutFigures> = {
  head: 'server CPU a delivered token, us',
  digits: 1,
  ratio: true,
  of: ({ cpuMicros, tokensArrived }) => cpuMicros / tokensArrived,
};

export const fanOut: Plan = {
  name: 'fan-out',
  what: `One thread at ${RATE} tokens/s with many readers, each with a connection of its own.`,
  seconds: ({ quick, rounds }) => {
    const { warmUpSeconds, seconds } = times(quick);
    return 2 * rounds * sizes(quick).reduce((sum, readers) => sum + 2 + readers / 1_000 + warmUpSeconds + seconds, 0);
  },
  async run(rounds) {
    const cases: Case[] = [];
    for (const readers of sizes(rounds.quick)) {
      const figures = await rounds.alternate<ServerName, FanOutFigures>(`fan-out ${readers}`, {
        raw: () => measure('raw', readers, rounds.quick),
        verbatim: () => measure('verbatim', readers, rounds.quick),
      });
      cases.push({ readers, ...figures });
    }
    const shown = table({
      labels: ['readers', 'server'],
      columns: [cpuColumn, ...deliveryColumns, { ...rateColumn, head: 'deliveries/s' }, ...shareColumns],
      rows: cases.flatMap(rowsOf),
    });
    const largest = cases.at(-1);
    const measured = median((largest?.verbatim ?? []).map((one) => one.delivery.p99Ms));
    const what = `delivery p99 to ${largest?.readers} readers of one thread`;
    return { tables: [shown], requirements: [{ id: 26, what, unit: 'ms', digits: 1, must: 50, aim: 10, measured }], figures: cases };
  },
};

function sizes(quick: boolean): readonly number[] {
  return quick ? [1, 20] : [1, 10, 100, 1_000];
}

function times(quick: boolean) {
  return quick ? { warmUpSeconds: 0.2, seconds: 0.5 } : { warmUpSeconds: 2, seconds: 5 };
}

async function measure(name: ServerName, readers: number, quick: boolean): Promise<FanOutFigures> {
  const { warmUpSeconds, seconds } = times(quick);
  await using server = await startServer({ server: name });
  await using load = new BenchProcess<FanOutLoadCalls>('./load/fanOutLoad.js', { core: 1 });
  const schedule = { tokensPerSecond: RATE, tokens: RATE * 60 };
  await load.call('begin', { server: name, port: server.port, readers, schedule });
  await sleep(warmUpSeconds * 1_000);
  const figures = await measureWindow(server, load, seconds);
  return { ...figures, arrivedShare: figures.tokensArrived / (figures.tokensMade * readers) };
}

function rowsOf({ readers, raw, verbatim }: Case): Row<FanOutFigures>[] {
  return [
    { labels: [String(readers), 'raw `ws`'], figures: raw, remark: streamRemark(raw) },
    { labels: [String(readers), 'Verbatim'], figures: verbatim, reference: raw, remark: streamRemark(verbatim) },
  ];
}
