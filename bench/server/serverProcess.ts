import { setTimeout as sleep } from 'node:timers/promises';
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
}

const calls = {
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
export function reportToParent(ready: ServerReady): void {
  answerParent(calls, ready);
}
