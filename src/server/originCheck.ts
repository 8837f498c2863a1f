import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export function isLoopbackHost(host: string): boolean {
  return host === '::1' || LOOPBACK.test(host);
}

export type OriginCheck = (request: Pick<IncomingMessage, 'headers'>) => boolean;

/**
 * Whether a request may come in, by where a browser says it comes from. A page of another site must not use the caller's machine or cookies:
 * its origin must be the server's own, a listed one, or loopback to loopback. Without authentication the host must be known too, or a name
 * that was rebound to 127.0.0.1 would be an origin of its own. Programs send no origin.
 */
export function originCheck(opts: {
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  readonly open: boolean;
}): OriginCheck {
  const origins = new Set(opts.origins);
  return ({ headers }) => {
    const host = headers.host ?? '';
    const hostName = host.replace(/:\d+$/, '');
    if (opts.open && !isLoopbackHost(hostName) && !opts.hosts.includes(hostName)) return false;
    const { origin } = headers;
    if (origin === undefined || origins.has(origin)) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    return url.host === host || (isLoopbackHost(url.hostname) && isLoopbackHost(hostName));
  };
}
