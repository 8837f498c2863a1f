import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../protocol/clock.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Logger } from '../serverOptions.ts';

/** After so long a set is fetched again, while the one at hand is used. */
const REFRESH_MS = 10 * 60_000;
/** Keys are used for so long when they cannot be fetched again: a short outage refuses nobody, and a key that was taken back does not live on. */
const MAX_AGE_MS = 60 * 60_000;
/** Between two fetches for a key that is not there: anybody can make up the name of one. */
const COOLDOWN_MS = 10_000;
/** After a fetch that failed there is none for so long, then twice as long, and so on. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;
/** An outage is told of so often. */
const TELL_MS = 60_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 512 * 1024;

export interface RemoteKeys {
  /** Throws `AUTH_UNAVAILABLE` when the keys cannot be had, and jose's errors for what is wrong with the token. */
  readonly find: JWTVerifyGetKey;
  /** Breaks off what is being fetched. */
  close(): void;
}

/** The public keys at a URL. They are fetched by need, and never more often than the times above say, whatever tokens come. */
export function openRemoteKeys(url: URL, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): RemoteKeys {
  const closing = new AbortController();
  // When to fetch is decided here: jose would fetch for each token as long as that fails.
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: (href, init) => fetchBounded(href, { ...init, signal: AbortSignal.any([init.signal, closing.signal]) }),
  });
  let loadedAt: number | undefined;
  let failedAt: number | undefined;
  let failures = 0;
  let toldAt: number | undefined;

  /** Whether so much time has passed, by a clock that may jump. */
  const isPast = (since: number, ms: number): boolean => Math.abs(clock.now() - since) >= ms;

  async function load(): Promise<void> {
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - 1));
    if (failedAt !== undefined && !isPast(failedAt, restMs)) throw unavailable();
    try {
      await keys.reload();
      loadedAt = clock.now();
      failedAt = undefined;
      failures = 0;
    } catch (cause) {
      // All that waited for the same fetch come here: it counts once.
      if (failedAt === undefined || isPast(failedAt, restMs)) {
        failedAt = clock.now();
        failures += 1;
        if (!closing.signal.aborted && (toldAt === undefined || isPast(toldAt, TELL_MS))) {
          toldAt = failedAt;
          logger.error({ err: cause, url: url.origin + url.pathname }, 'the keys of tokens cannot be fetched');
        }
      }
      throw unavailable(cause);
    }
  }

  return {
    async find(header, token) {
      if (loadedAt === undefined || isPast(loadedAt, MAX_AGE_MS)) await load();
      // Its failure is logged, and the keys at hand are still good.
      else if (isPast(loadedAt, REFRESH_MS)) load().catch(() => {});
      try {
        return await keys(header, token);
      } catch (cause) {
        if (!(cause instanceof errors.JWKSNoMatchingKey) || (loadedAt !== undefined && !isPast(loadedAt, COOLDOWN_MS))) throw cause;
        await load();
        return keys(header, token);
      }
    },
    close: () => closing.abort(),
  };
}

async function fetchBounded(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the set of keys has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status });
}

function unavailable(cause?: unknown): VerbatimError {
  return new VerbatimError('AUTH_UNAVAILABLE', 'The server cannot check tokens at the moment. Try again in a moment.', { cause });
}
