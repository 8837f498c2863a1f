import type { OpenedShare } from '../protocol/share.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { clientClock } from './clientClock.ts';
import { parseEndpoint } from './endpoint.ts';
import { connectionLost, decodeData, encodeInput, encodeRequest, errorOfShape, errorOfStatus, isRecord } from './transportMessage.ts';

export interface OpenShareOptions {
  /** As that of `createClient`. */
  readonly url: string;
  /** Of `threads.share({ link: true })`: the fragment of the URL that somebody was given. */
  readonly secret: string;
  /** Then `TIMEOUT`. Default 15,000. */
  readonly timeoutMs?: number | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Exchanges a link's secret for a token of a guest: `createClient({ url, token: async () => (await openShare({ url, secret })).token })`. Rejects
 * with `NOT_FOUND` for a link that was taken back or is over.
 */
export async function openShare({ url, secret, timeoutMs = 15_000, ...options }: OpenShareOptions): Promise<OpenedShare> {
  // Not the bare global: browsers want it called on the window.
  const ask: typeof fetch = options.fetch ?? ((...args) => fetch(...args));
  const given = new AbortController();
  const tooLate = new VerbatimError('TIMEOUT', `The link was not opened within ${timeoutMs} ms`);
  const stopTimer = clientClock.after(timeoutMs, () => given.abort(tooLate));
  try {
    const response = await ask(`${parseEndpoint(url).http}/auth.openShare`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: encodeRequest(() => encodeInput({ secret })),
      signal: given.signal,
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (isRecord(body) && isRecord(body.error)) throw errorOfShape(decodeData(body.error));
    if (!response.ok || !isRecord(body) || !isRecord(body.result)) throw errorOfStatus(response.status);
    // The edge: the protocol says what it answers.
    return decodeData(body.result.data) as OpenedShare;
  } catch (cause) {
    if (given.signal.aborted) throw tooLate;
    throw cause instanceof VerbatimError ? cause : connectionLost(cause);
  } finally {
    stopTimer();
  }
}
