import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerStats } from 'verbatim-agents';
import { answerParent } from '../parentCalls.ts';
import { tokensMade } from './tokenStream.ts';

/** What a server has used and made since it began. CPU is user and system time of all its threads, as the operating system counts it. */
export interface ServerUsage {
  readonly cpuMicros: number;
  readonly tokens: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

export interface ServerReady {
  readonly port: number;
  /** What opening took, for a server that has something to open. */
  readonly bootMs?: number;
}

/** What a server holds at this moment. */
export interface ServerHoldings {
  /** Of Verbatim only. */
  readonly stats: ServerStats | undefined;
  /** Timers of the process that keep it alive. */
  readonly timers: number;
}

let statsOf: () => ServerStats | undefined = () => undefined;

const calls = {
  holdings(): ServerHoldings {
    return { stats: statsOf(), timers: process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length };
  },
  usage(): ServerUsage {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return { cpuMicros: user + system, tokens: tokensMade, residentBytes: rss, heapBytes: heapUsed };
  },
  /** The usage when the garbage is gone. */
  async collect(): Promise<ServerUsage> {
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await sleep(100);
    }
    return calls.usage();
  },
};

export type ServerCalls = typeof calls;

/** Tells the parent that connections are accepted, and answers what it asks. */
export function reportToParent(ready: ServerReady, stats = statsOf): void {
  statsOf = stats;
  answerParent(calls, ready);
}
