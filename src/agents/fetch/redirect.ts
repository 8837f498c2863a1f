import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { SafeFetchInit } from './safeFetch.ts';

/** One request of a chain of redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: SafeFetchInit['body'];
}

/** Headers that are for the host they were written for. */
const OF_ORIGIN = ['authorization', 'proxy-authorization', 'cookie', 'host', 'x-api-key'];
const OF_BODY = ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location'];

/** What is asked after a redirect (as the Fetch standard has it). Throws `NOT_ALLOWED` where it leads from https to http. */
export function nextHop(hop: Hop, { status, to }: { readonly status: number; readonly to: URL }): Hop {
  if (hop.url.protocol === 'https:' && to.protocol === 'http:') {
    throw new VerbatimError('NOT_ALLOWED', 'The URL redirects from https to http.');
  }
  const method = hop.method.toUpperCase();
  const headers = new Headers(hop.headers);
  if (to.origin !== hop.url.origin) for (const name of OF_ORIGIN) headers.delete(name);
  const asksAgain = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  if (!asksAgain) return { url: to, method: hop.method, headers, body: hop.body };
  for (const name of OF_BODY) headers.delete(name);
  return { url: to, method: 'GET', headers, body: undefined };
}
