import type { IncomingMessage } from 'node:http';
import { fastifyCookie } from '@fastify/cookie';
import type { Credentials } from './authMethod.ts';

/**
 * What came with a connection or a request: the first there is of the `Authorization` header, `X-API-Key`, the connection params, a ticket in the
 * URL, and the cookie. A token in a URL is ignored, for URLs end up in logs; a ticket is of no use to whoever finds it there.
 */
export function credentialsOf(
  request: IncomingMessage,
  params: Readonly<Record<string, unknown>> | null,
  cookieName: string | undefined,
): Credentials {
  const { authorization, 'x-api-key': apiKey } = request.headers;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, via: 'bearer', request };
  if (typeof apiKey === 'string' && apiKey !== '') return { token: apiKey, via: 'api-key', request };
  const token = params?.token;
  if (typeof token === 'string' && token !== '') return { token, via: 'params', request };
  const ticket = ticketOf(request);
  if (ticket !== undefined) return { token: ticket, via: 'ticket', request };
  const cookie = cookieName === undefined ? undefined : cookieOf(request, cookieName);
  if (cookie !== undefined) return { token: cookie, via: 'cookie', request };
  return { token: undefined, via: undefined, request };
}

/** Those who can send nothing else open sockets, streams and files: all of it is `GET`. */
function ticketOf({ method, url = '' }: IncomingMessage): string | undefined {
  const query = url.indexOf('?');
  if (method !== 'GET' || query === -1) return undefined;
  return new URLSearchParams(url.slice(query)).get('ticket') || undefined;
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined || !isOfAllowedPage(request)) return undefined;
  return fastifyCookie.parse(cookie)[name] || undefined;
}

/**
 * Browsers send the cookie whoever asks. Where they name an `Origin`, that was checked when the request came in. They leave it out where a page
 * asks its own server, which `Sec-Fetch-Site` says then, and where a page of another site embeds an image or a script.
 */
function isOfAllowedPage({ method, headers }: IncomingMessage): boolean {
  if (headers.origin !== undefined) return true;
  const site = headers['sec-fetch-site'];
  // `none`: somebody typed the address.
  return site === 'same-origin' || (site === 'none' && method === 'GET');
}
