import { nowMicros } from '../clock.ts';

/** What one stream says, and when. All servers use it, so that what it costs is the same for each. */
export interface TokenSchedule {
  /** 0 for as fast as they are taken. */
  readonly tokensPerSecond: number;
  readonly tokens: number;
}

/** Tokens made in this process. */
export let tokensMade = 0;

export interface TokenStreamOptions<Chunk> {
  readonly signal?: AbortSignal;
  /** What a token is to whoever takes it: a second generator around this one would cost one server more than the other. */
  readonly chunk?: (token: string) => Chunk;
}

/**
 * Each token is the time it was made, in microseconds, and a space; the first has the time of the call before it, as `called:made `. A paced
 * stream begins at a random point of its first interval, or all of them would speak at once, and waits with one timer a token.
 */
export async function* streamTokens<Chunk = string>(
  { tokensPerSecond, tokens }: TokenSchedule,
  { signal, chunk = (token) => token as Chunk }: TokenStreamOptions<Chunk> = {},
): AsyncGenerator<Chunk> {
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
    yield chunk(`${before}${nowMicros()} `);
    before = '';
  }
}
