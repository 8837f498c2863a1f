import type { BenchProcess } from './benchProcess.ts';
import { sleep } from './clock.ts';
import type { WindowCalls } from './load/windowCalls.ts';
import type { Calls } from './parentCalls.ts';
import type { BenchServer } from './startServer.ts';
import type { Quantiles } from './statistics.ts';

/** Some seconds of a steady state, seen from both sides. Shares are of one core. */
export interface WindowFigures {
  readonly tokensPerSecond: number;
  readonly tokensPerFrame: number;
  readonly tokensArrived: number;
  readonly tokensMade: number;
  readonly cpuMicros: number;
  readonly serverShare: number;
  readonly loadShare: number;
  readonly delivery: Quantiles;
  readonly residentBytes: number;
}

/** Counts what arrives in a load process, and what the server used and made meanwhile. */
export async function measureWindow<LoadCalls extends WindowCalls & Calls<LoadCalls>>(
  server: BenchServer,
  load: BenchProcess<LoadCalls>,
  seconds: number,
): Promise<WindowFigures> {
  const counted: BenchProcess<WindowCalls> = load;
  await counted.call('startWindow');
  const before = await server.calls.call('usage');
  const startedMs = performance.now();
  await sleep(seconds * 1_000);
  const after = await server.calls.call('usage');
  const elapsedMs = performance.now() - startedMs;
  const report = await counted.call('stopWindow');
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  return {
    tokensPerSecond: report.tokens / report.seconds,
    tokensPerFrame: report.tokens / report.frames,
    tokensArrived: report.tokens,
    tokensMade: after.tokens - before.tokens,
    cpuMicros,
    serverShare: cpuMicros / 1_000 / elapsedMs,
    loadShare: report.loadShare,
    delivery: report.delivery,
    residentBytes: after.residentBytes,
  };
}
