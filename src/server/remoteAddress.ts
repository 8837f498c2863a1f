import type { IncomingMessage, Server } from 'node:http';
import ipaddr from 'ipaddr.js';

type Request = Pick<IncomingMessage, 'socket' | 'headers'>;

/** Where requests that came through proxies come from. */
const behindProxies = new WeakMap<object, string>();

/** The other ends of sockets: each request is asked several times, and it takes 5 us to bring one into its form. */
const otherEnds = new WeakMap<object, string>();

/** Where a request comes from, as an address in its usual form: as far as the proxies say of which `trustProxies` was told. */
export function remoteAddress(request: Pick<IncomingMessage, 'socket'>): string {
  return behindProxies.get(request) ?? otherEnd(request.socket);
}

function otherEnd(socket: Request['socket']): string {
  const known = otherEnds.get(socket);
  if (known !== undefined) return known;
  const address = plain(socket.remoteAddress ?? '') ?? '';
  // One that has gone no longer knows.
  if (address !== '') otherEnds.set(socket, address);
  return address;
}

/**
 * Believes so many proxies before a server, each of which adds to `X-Forwarded-For` whom it was asked by. What is further to the left anybody
 * may have written. To be called once, before other listeners are told of requests. `onIgnored` is told once that there seems to be a proxy
 * where none is believed: all of its callers are then one address.
 */
export function trustProxies(server: Server, { hops, onIgnored }: { readonly hops: number; readonly onIgnored: () => void }): void {
  const note = (request: IncomingMessage): void => {
    if (hops > 0) behindProxies.set(request, forwardedAddress(request, hops));
    else if (request.headers['x-forwarded-for'] !== undefined) {
      server.off('request', note);
      server.off('upgrade', note);
      onIgnored();
    }
  };
  server.prependListener('request', note);
  server.prependListener('upgrade', note);
}

/** Of `client, proxy 1, proxy 2` with as many hops as there are proxies, the first that none of them wrote about itself. */
export function forwardedAddress({ socket, headers }: Request, hops: number): string {
  const said = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  let address = otherEnd(socket);
  for (const text of said.reverse().slice(0, hops)) {
    const next = plain(text.trim());
    // What a proxy cannot name is as near as one can know.
    if (next === undefined) return address;
    address = next;
  }
  return address;
}

/** Without a port, and without what wraps IPv4 into IPv6; undefined for what is no address. */
function plain(text: string): string | undefined {
  const address = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const [unscoped = ''] = address.split('%', 1);
  // Its short and octal forms of IPv4 are nothing that a proxy writes.
  if (!ipaddr.IPv4.isValidFourPartDecimal(unscoped) && !ipaddr.IPv6.isValid(unscoped)) return undefined;
  return ipaddr.process(unscoped).toString();
}

/** Under what an address is counted: whoever has one of IPv6 has all of its /64. */
export function countedAddress(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parts = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
}
