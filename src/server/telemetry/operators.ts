import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { mayBy, type Policy } from '../../protocol/policy.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { isLoopbackHost } from '../originCheck.ts';
import { remoteAddress } from '../remoteAddress.ts';
import type { MetricsOption } from './metricsOption.ts';

export interface OperatorOptions {
  readonly metrics?: MetricsOption | undefined;
  readonly authenticator: Authenticator;
  readonly policy?: Policy | undefined;
}

/** Headers by which a request is known to have come through a proxy. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] as const;

/**
 * Whether a request is an operator's: it has the token; or, where none is set, comes from the machine itself and through no proxy; or is of a
 * principal that may administer the server.
 */
export function operatorCheck({ metrics, authenticator, policy }: OperatorOptions): (request: IncomingMessage) => Promise<boolean> {
  const may = mayBy(policy);
  const token = typeof metrics === 'object' ? metrics.token : undefined;
  return async (request) => {
    if (token === undefined) {
      if (isFromHere(request)) return true;
    } else if (sameText(/^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '', token)) return true;
    if (authenticator.isOpen) return false;
    try {
      const { principal } = await authenticator.identify(request, null);
      return may({ principal, action: 'administer', resource: { kind: 'server', name: 'metrics' } });
    } catch {
      return false; // Nobody who is known.
    }
  };
}

function isFromHere(request: IncomingMessage): boolean {
  const address = remoteAddress(request).replace(/^::ffff:/, '');
  // A page in a browser of this machine may have had another name rebound to it.
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  return isLoopbackHost(address) && isLoopbackHost(host) && FORWARDED.every((name) => request.headers[name] === undefined);
}

/** In a time that does not depend on where they differ. */
function sameText(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}
