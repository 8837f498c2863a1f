import { nowMicros } from '../clock.ts';

/** What one stream says, and when. All servers use it, so that what it costs is the same for each. */
export interface TokenSchedule {
  /** 0 for as fast as they are taken. */
  readonly tokensPerSecond: number;
  readonly tokens: number;
}

/** Tokens made in this process. */
export let tokensMade = 0;

/**
 * Each token is the time it was made, in microseconds, and a space; the first has the time of the call before it, as `called:made `. A paced
 * stream begins at a random point of its first interval, or all of them would speak at once, and waits with one timer a token.
 */
export async function* streamTokens({ tokensPerSecond, tokens }: TokenSchedule, signal?: AbortSignal): AsyncGenerator<string> {
  let wake = (): void => {};
  signal?.addEventListener('abort', () => wake(), { once: true });
  let before = `${nowMicros()}:`;
  const intervalMs = tokensPerSecond === 0 ? 0 : 1_000 / tokensPerSecond;
  const startMs = performance.now() + Math.random() * intervalMs;
  for (let index = 0; index < tokens; index++) {
    if (intervalMs > 0) {
      const waitMs = startMs + index * intervalMs - performance.now();
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, waitMs);
      });
    }
    if (signal?.aborted) return;
    tokensMade++;
    yield `${before}${nowMicros()} `;
    before = '';
  }
}
