import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../protocol/clock.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Handshakes } from '../limits/handshakes.ts';
import { remoteAddress } from '../remoteAddress.ts';
import type { Authenticator } from './authenticator.ts';
import { Caller } from './caller.ts';

export interface CallerSource {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly handshakes: Handshakes;
}

/** Who sends a request. Throws `UNAUTHENTICATED`, and `RATE_LIMITED` for too many tokens from one address that are not good. */
export async function callerOf(
  { authenticator, clock, handshakes }: CallerSource,
  request: IncomingMessage,
  transport: 'http' | 'sse' | 'mcp',
): Promise<Caller> {
  const address = remoteAddress(request);
  try {
    const identity = await authenticator.identify(request, null);
    handshakes.bodies.identified(request);
    return new Caller({ identity, request, clock, address, transport });
  } catch (cause) {
    // Whether the token is good cannot be told now: that was no attempt with a bad one.
    if (cause instanceof VerbatimError && cause.retryable) throw cause;
    // Whoever brings none may have come for what is everybody's.
    const { token } = authenticator.credentials(request, null);
    throw (token === undefined ? undefined : await handshakes.refusal(address)) ?? cause;
  }
}
