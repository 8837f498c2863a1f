import type { Clock } from '../protocol/clock.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { notReached } from './closeError.ts';
import { networkCause } from './networkCause.ts';
import { connectionLost, decodeData, encodeInput, encodeRequest, errorOfShape, errorOfStatus, isRecord } from './transportMessage.ts';

export interface PostOptions {
  /** Of the API over HTTP. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A mutation over HTTP without a token: what is asked before anybody is known, whom no socket would wait for. Asks once. */
export async function postCall(path: string, input: object, { url, fetch, clock, timeoutMs, signal }: PostOptions): Promise<unknown> {
  const given = new AbortController();
  const abort = () => given.abort(new VerbatimError('CANCELLED', `${path} was given up by its caller`, { cause: signal?.reason }));
  const stopTimer = clock.after(timeoutMs, () =>
    given.abort(new VerbatimError('TIMEOUT', `${path} was not answered within ${timeoutMs} ms`)),
  );
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const body = encodeRequest(() => encodeInput(input));
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body, cache: 'no-store', signal: given.signal });
    return answerOf(response.status, await response.text());
  } catch (cause) {
    if (given.signal.aborted) throw given.signal.reason;
    throw cause instanceof VerbatimError ? cause : new VerbatimError('CONNECTION_LOST', notReached(networkCause(cause)), { cause });
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', abort);
  }
}

function answerOf(status: number, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    // A proxy's page.
    throw status >= 500 ? connectionLost(cause) : errorOfStatus(status);
  }
  if (isRecord(body) && isRecord(body.result)) return decodeData(body.result.data);
  throw isRecord(body) && 'error' in body ? errorOfShape(decodeData(body.error)) : errorOfStatus(status);
}
