import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

export type Scheme = 'http' | 'https';

/**
 * How a request left its sender; undefined where nothing says so, as behind a proxy that is not declared. `X-Forwarded-Proto` is believed as
 * far as `trustedProxies` hops wrote it: each adds to its end, or puts its own in its place.
 */
export function schemeOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>, trustedProxies: number): Scheme | undefined {
  if (trustedProxies > 0) {
    const said = [headers['x-forwarded-proto'] ?? []].flat().join(',').split(',');
    const outermost = said[Math.max(0, said.length - trustedProxies)]?.trim().toLowerCase();
    if (outermost === 'http' || outermost === 'https') return outermost;
  }
  return socket instanceof TLSSocket ? 'https' : undefined;
}
