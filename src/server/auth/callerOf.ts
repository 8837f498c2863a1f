import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../protocol/clock.ts';
import { remoteAddress } from '../remoteAddress.ts';
import type { Authenticator } from './authenticator.ts';
import { Caller } from './caller.ts';

/** Who sends a request. Throws `UNAUTHENTICATED`. */
export async function callerOf(
  { authenticator, clock }: { readonly authenticator: Authenticator; readonly clock: Clock },
  request: IncomingMessage,
  transport: 'http' | 'sse' | 'mcp',
): Promise<Caller> {
  return new Caller({ identity: await authenticator.identify(request, null), request, clock, address: remoteAddress(request), transport });
}
