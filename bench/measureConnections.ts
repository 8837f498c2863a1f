import { randomInt } from 'node:crypto';
import { BenchProcess } from './benchProcess.ts';
import { sleep } from './clock.ts';
import type { HoldLoadCalls, HoldReport } from './load/holdLoad.ts';
import { type BenchServer, type ServerName, startServer, type Trust } from './startServer.ts';

export interface ConnectionsOrder {
  readonly server: ServerName;
  readonly trust?: Trust;
  /** Each with so many held, and how long the server is watched while it only holds them. */
  readonly stages: readonly { readonly connections: number; readonly idleSeconds: number }[];
}

/** One stage of one server. Shares are of one core. */
export interface ConnectionsFigures {
  readonly asked: number;
  readonly held: number;
  /** Of those that this stage added. */
  readonly connectsPerSecond: number;
  readonly serverShare: number;
  readonly loadShare: number;
  /** What each of those held adds to the resident memory of the process, when the garbage is gone; the kernel's buffers are not in it. */
  readonly bytesEach: number;
  readonly heapBytesEach: number;
  readonly idleShare: number;
  /** Why there are fewer than asked for. */
  readonly failure?: string;
}

/** Each load process has an address of its own, and finding a free port of an address is quick while most of them are free. */
const PER_LOAD_PROCESS = 5_000;
/** Opened and closed before anything is measured, so that compiled code and caches count for no connection. */
const WARM_UP_CONNECTIONS = 1_000;
const SETTLE_MS = 500;

type Load = BenchProcess<HoldLoadCalls>;

/** Opens connections stage by stage and holds all of them. A server that takes no more ends it. */
export async function measureConnections({ server: name, trust, stages }: ConnectionsOrder): Promise<ConnectionsFigures[]> {
  const most = Math.max(...stages.map(({ connections }) => connections), WARM_UP_CONNECTIONS);
  await using server = await startServer({ server: name, ...(trust && { trust }) });
  const loads = Array.from(
    { length: Math.ceil(most / PER_LOAD_PROCESS) },
    () => new BenchProcess<HoldLoadCalls>('./load/holdLoad.js', { core: 1 }),
  );
  try {
    await warmUp(name, server, { loads, most });
    return await holdStages(server, loads, stages);
  } finally {
    await Promise.all(loads.map((load) => load[Symbol.asyncDispose]()));
  }
}

async function warmUp(name: ServerName, server: BenchServer, { loads, most }: { readonly loads: readonly Load[]; readonly most: number }) {
  // Of each measurement its own: the ports of the last one are not free for a minute.
  const network = `127.${1 + randomInt(254)}.${randomInt(256)}`;
  const prepare = (load: Load, index: number): Promise<void> =>
    load.call('prepare', {
      server: name,
      port: server.port,
      connections: Math.ceil(most / loads.length) + loads.length,
      name: `load-${index}`,
      localAddress: process.platform === 'linux' ? `${network}.${index + 1}` : undefined,
    });
  await Promise.all(loads.map(prepare));
  await holdEvenly(loads, WARM_UP_CONNECTIONS);
  await Promise.all(loads.map((load) => load.call('release')));
  await sleep(SETTLE_MS);
}

async function holdStages(server: BenchServer, loads: readonly Load[], stages: ConnectionsOrder['stages']): Promise<ConnectionsFigures[]> {
  const empty = await server.calls.call('collect');

  const figures: ConnectionsFigures[] = [];
  let held = 0;
  for (const { connections, idleSeconds } of stages) {
    const opening = await timeOpening(server, loads, connections - held);
    held += opening.opened;
    const full = await server.calls.call('collect');
    figures.push({
      asked: connections,
      held,
      connectsPerSecond: opening.connectsPerSecond,
      serverShare: opening.serverShare,
      loadShare: opening.loadShare,
      bytesEach: (full.residentBytes - empty.residentBytes) / held,
      heapBytesEach: (full.heapBytes - empty.heapBytes) / held,
      idleShare: await idleShare(server, idleSeconds),
      ...(opening.failure !== undefined && { failure: opening.failure }),
    });
    if (held < connections) break;
  }
  return figures;
}

async function timeOpening(server: BenchServer, loads: readonly Load[], count: number) {
  const before = await server.calls.call('usage');
  const startedMs = performance.now();
  const reports = await holdEvenly(loads, count);
  const seconds = (performance.now() - startedMs) / 1_000;
  const after = await server.calls.call('usage');
  const opened = reports.reduce((sum, report) => sum + report.opened, 0);
  return {
    opened,
    connectsPerSecond: opened / seconds,
    serverShare: (after.cpuMicros - before.cpuMicros) / 1e6 / seconds,
    loadShare: reports.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0) / 1e6 / seconds,
    failure: reports.find(({ failure }) => failure !== undefined)?.failure,
  };
}

function holdEvenly(loads: readonly Load[], count: number): Promise<HoldReport[]> {
  const share = Math.floor(count / loads.length);
  return Promise.all(loads.map((load, index) => load.call('hold', index === 0 ? count - share * (loads.length - 1) : share)));
}

async function idleShare(server: BenchServer, seconds: number): Promise<number> {
  const before = await server.calls.call('usage');
  const startedMs = performance.now();
  await sleep(seconds * 1_000);
  const after = await server.calls.call('usage');
  return (after.cpuMicros - before.cpuMicros) / 1_000 / (performance.now() - startedMs);
}
