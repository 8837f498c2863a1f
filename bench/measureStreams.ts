import type { Limits } from 'verbatim-agents';
import { BenchProcess } from './benchProcess.ts';
import { sleep } from './clock.ts';
import type { Dialect } from './load/loadConnection.ts';
import type { StreamLoadCalls } from './load/streamLoad.ts';
import { measureWindow, type WindowFigures } from './measureWindow.ts';
import { startServer, type Trust } from './startServer.ts';
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
  readonly trust?: Trust;
  /** Gets the database file before the server starts. */
  readonly prepare?: (database: string) => Promise<void>;
  /** Threads of that file to go on with, by connection. */
  readonly threadIds?: Readonly<Record<number, string>>;
}

/** One round of one server. An arrived share is of the tokens that were asked for. */
export interface StreamFigures extends WindowFigures {
  readonly arrivedShare: number;
  readonly cpuMicrosPerToken: number;
  readonly firstToken?: Quantiles;
  /** Until the server was open; 0 for raw. */
  readonly bootMs: number;
}

/** Streams begin at this pace, or over a second if they are few. */
const BEGINS_PER_SECOND = 1_000;
/** Few enough to add little to the load beside which they are timed. */
const PROBES_PER_SECOND = 40;
/** A run may be so much longer than what is measured of it. */
const SPARE_SECONDS = 60;
/** More than any server makes in that time. */
const ENDLESS = 1e9;

/** What a measurement takes from its start to its end, about. */
export function streamSeconds({ connections, warmUpSeconds, seconds, probes = 0 }: StreamOrder): number {
  return 3 + (2 * connections) / BEGINS_PER_SECOND + warmUpSeconds + seconds + probes / PROBES_PER_SECOND;
}

/** One server in a fresh process, its readers in another: many streams at a steady pace, or as fast as they go. */
export async function measureStreams(order: StreamOrder): Promise<StreamFigures> {
  const { dialect, connections, streamsPerConnection, tokensPerSecond, warmUpSeconds, seconds, probes = 0, limits = {}, trust } = order;
  const { prepare, threadIds = {} } = order;
  const name = dialect === 'raw' || dialect === 'corked' ? 'raw' : 'verbatim';
  await using server = await startServer({ server: name, limits, ...(trust && { trust }), ...(prepare && { prepare }) });
  await using load = new BenchProcess<StreamLoadCalls>('./load/streamLoad.js', { core: 1 });
  await load.call('open', { dialect, port: server.port, connections });
  const tokens = tokensPerSecond === 0 ? ENDLESS : tokensPerSecond * (warmUpSeconds + seconds + SPARE_SECONDS);
  const overMs = Math.max(1_000, (1_000 * connections * streamsPerConnection) / BEGINS_PER_SECOND);
  await load.call('begin', { streamsPerConnection, schedule: { tokensPerSecond, tokens }, overMs, threadIds });
  await sleep(warmUpSeconds * 1_000);

  const window = await measureWindow(server, load, seconds);
  const firstToken = probes === 0 ? undefined : await load.call('probe', { sends: probes, perSecond: PROBES_PER_SECOND });

  return {
    ...window,
    arrivedShare: tokensPerSecond === 0 ? 1 : window.tokensPerSecond / (tokensPerSecond * connections * streamsPerConnection),
    cpuMicrosPerToken: window.cpuMicros / window.tokensMade,
    ...(firstToken !== undefined && { firstToken }),
    bootMs: server.bootMs,
  };
}
