import type { IncomingMessage } from 'node:http';
import { schemeOf } from './scheme.ts';

const LOOPBACK = /^(localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export function isLoopbackHost(host: string): boolean {
  return host === '::1' || LOOPBACK.test(host);
}

/** How a request may come in: as what the server itself serves, as a page of another origin that may read its answers, or not at all. */
export type OriginCheck = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => 'own' | 'other' | undefined;

/**
 * Whether a request may come in, by where a browser says it comes from. A page of another site must not use the caller's machine or cookies:
 * its origin must be the server's own, a listed one, or loopback to loopback. Without authentication, or with a list, the host must be known
 * too, or a name that was rebound to this machine would be an origin of its own. Programs send no origin.
 */
export function originCheck(opts: {
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  readonly open: boolean;
  readonly trustedProxies: number;
}): OriginCheck {
  const origins = new Set(opts.origins);
  const hosts = new Set(opts.hosts.map((host) => host.toLowerCase()));
  return (request) => {
    const { origin } = request.headers;
    const host = (request.headers.host ?? '').toLowerCase();
    const hostName = host.replace(/:\d+$/, '');
    // What makes URLs of it further in would fail.
    if (request.headers.host !== undefined && (!URL.canParse(`http://${host}`) || /[@/?#\\]/.test(host))) return undefined;
    if ((opts.open || hosts.size > 0) && !isLoopbackHost(hostName) && !hosts.has(hostName)) return undefined;
    if (origin === undefined) return 'own';
    if (origins.has(origin)) return 'other';
    if (!URL.canParse(origin)) return undefined;
    const url = new URL(origin);
    const scheme = schemeOf(request, opts.trustedProxies);
    // A page that came by http is anybody's who is on the way.
    if (url.host === withoutDefaultPort(host, url.protocol) && (scheme === undefined || url.protocol === `${scheme}:`)) return 'own';
    return isLoopbackHost(url.hostname) && isLoopbackHost(hostName) ? 'other' : undefined;
  };
}

/** Of a log line about it. */
export const FOREIGN_ORIGIN = 'an origin or a host that is not listed was refused: see `origins` and `hosts`';

const MAX_SHOWN = 200;

/** What a request says of where it comes from, for logs: it was refused for that. */
export function claimedOrigin({ headers }: Pick<IncomingMessage, 'headers'>): { readonly from?: string; readonly host?: string } {
  const { origin, host } = headers;
  return {
    ...(origin !== undefined && { from: origin.slice(0, MAX_SHOWN) }),
    ...(host !== undefined && { host: host.slice(0, MAX_SHOWN) }),
  };
}

/** A URL leaves it out. */
function withoutDefaultPort(host: string, protocol: string): string {
  return host.replace(protocol === 'https:' ? /:443$/ : /:80$/, '');
}
