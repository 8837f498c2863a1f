import type { Limits } from 'verbatim-agents';
import { BenchProcess } from './benchProcess.ts';
import { sleep } from './clock.ts';
import type { Dialect } from './load/loadConnection.ts';
import type { StreamLoadCalls } from './load/streamLoad.ts';
import { startServer } from './startServer.ts';
import type { Quantiles } from './statistics.ts';

export interface StreamOrder {
  readonly dialect: Dialect;
  readonly connections: number;
  readonly streamsPerConnection: number;
  /** Of each stream; 0 for as fast as it goes. */
  readonly tokensPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Sends whose first token is timed, when the rest has been measured and goes on. */
  readonly probes?: number;
  readonly limits?: Partial<Limits>;
  /** Gets the database file before the server starts. */
  readonly prepare?: (database: string) => Promise<void>;
  /** Threads of that file to go on with, by connection. */
  readonly threadIds?: Readonly<Record<number, string>>;
}

/** One round of one server. Shares are of one core; an arrived share is of the tokens that were asked for. */
export interface StreamFigures {
  readonly tokensPerSecond: number;
  readonly arrivedShare: number;
  readonly cpuMicrosPerToken: number;
  readonly serverShare: number;
  readonly loadShare: number;
  readonly tokensPerFrame: number;
  readonly delivery: Quantiles;
  readonly firstToken?: Quantiles;
  readonly residentBytes: number;
  /** Until the server was open; 0 for raw. */
  readonly bootMs: number;
}

/** Connections begin to stream over so long. */
const BEGIN_MS = 1_000;
const PROBES_PER_SECOND = 100;
/** A run may be so much longer than what is measured of it. */
const SPARE_SECONDS = 60;
/** More than any server makes in that time. */
const ENDLESS = 1e9;

/** What a measurement takes from its start to its end, about. */
export function streamSeconds({ connections, warmUpSeconds, seconds, probes = 0 }: StreamOrder): number {
  return 2 + connections / 1_000 + warmUpSeconds + seconds + probes / PROBES_PER_SECOND;
}

/** One server in a fresh process, its readers in another: many streams at a steady pace, or as fast as they go. */
export async function measureStreams(order: StreamOrder): Promise<StreamFigures> {
  const { dialect, connections, streamsPerConnection, tokensPerSecond, warmUpSeconds, seconds, probes = 0, limits = {} } = order;
  const { prepare, threadIds = {} } = order;
  await using server = await startServer({ server: dialect === 'raw' ? 'raw' : 'verbatim', limits, ...(prepare && { prepare }) });
  await using load = new BenchProcess<StreamLoadCalls>('./load/streamLoad.js', { core: 1 });
  await load.call('open', { dialect, port: server.port, connections });
  const tokens = tokensPerSecond === 0 ? ENDLESS : tokensPerSecond * (warmUpSeconds + seconds + SPARE_SECONDS);
  await load.call('begin', { streamsPerConnection, schedule: { tokensPerSecond, tokens }, overMs: BEGIN_MS, threadIds });
  await sleep(warmUpSeconds * 1_000);

  await load.call('startWindow');
  const before = await server.calls.call('usage');
  const startedMs = performance.now();
  await sleep(seconds * 1_000);
  const after = await server.calls.call('usage');
  const elapsedMs = performance.now() - startedMs;
  const report = await load.call('stopWindow');
  const firstToken = probes === 0 ? undefined : await load.call('probe', { sends: probes, perSecond: PROBES_PER_SECOND });

  const cpuMicros = after.cpuMicros - before.cpuMicros;
  const arrivedPerSecond = report.tokens / report.seconds;
  return {
    tokensPerSecond: arrivedPerSecond,
    arrivedShare: tokensPerSecond === 0 ? 1 : arrivedPerSecond / (tokensPerSecond * connections * streamsPerConnection),
    cpuMicrosPerToken: cpuMicros / (after.tokens - before.tokens),
    serverShare: cpuMicros / 1_000 / elapsedMs,
    loadShare: report.loadShare,
    tokensPerFrame: report.tokens / report.frames,
    delivery: report.delivery,
    ...(firstToken !== undefined && { firstToken }),
    residentBytes: after.residentBytes,
    bootMs: server.bootMs,
  };
}
