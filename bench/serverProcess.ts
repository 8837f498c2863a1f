import { tokensMade } from './tokenStream.ts';

/** What a server under measurement has used and made since it began. */
export interface ServerUsage {
  readonly cpuMicros: number;
  readonly tokens: number;
  readonly residentBytes: number;
}

export interface ServerReady {
  readonly port: number;
}

/** Tells the parent that connections are accepted, and from then on answers each of its messages with the usage so far. */
export function reportToParent(port: number): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const usage: ServerUsage = { cpuMicros: user + system, tokens: tokensMade, residentBytes: process.memoryUsage.rss() };
    process.send?.(usage);
  });
  process.on('disconnect', () => process.exit());
  const ready: ServerReady = { port };
  process.send?.(ready);
}
