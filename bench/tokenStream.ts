import { setTimeout as sleep } from 'node:timers/promises';

/** What one stream says, and when. Both servers use it, so that what it costs is the same for both. */
export interface TokenSchedule {
  readonly tokensPerSecond: number;
  readonly tokens: number;
}

/** Tokens made in this process. */
export let tokensMade = 0;

/**
 * Tokens at a steady pace. Each is the time it was made, in microseconds of the machine's monotonic clock, which all processes share, and a
 * space. A stream begins at a random point of its first interval, or all of them would speak at once.
 */
export async function* streamTokens({ tokensPerSecond, tokens }: TokenSchedule, signal?: AbortSignal): AsyncGenerator<string> {
  const intervalMs = 1_000 / tokensPerSecond;
  const startMs = performance.now() + Math.random() * intervalMs;
  for (let index = 0; index < tokens; index++) {
    const waitMs = startMs + index * intervalMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    tokensMade++;
    yield `${nowMicros()} `;
  }
}

export function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
