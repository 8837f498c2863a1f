import { DEFAULT_LIMITS } from '../../../src/protocol/limits.ts';
import type { Principal } from '../../../src/protocol/principal.ts';
import type { ServerOptions } from '../../../src/server/serverOptions.ts';
import { openRaw, type RawSocket } from '../../support/rawSocket.ts';
import { type StartedServer, startServer } from '../startServer.ts';

/** The principal of `ann`, `ann/premium` and `ann/trial@acme`; `wrong` is nobody. */
export function principalOf(token: string | undefined): Principal | undefined {
  const [, id, tier, tenant] = /^(\w+)(?:\/(\w+))?(?:@(\w+))?$/.exec(token ?? '') ?? [];
  if (id === undefined || id === 'wrong') return undefined;
  return { id, ...(tier === 'premium' ? { roles: ['premium'] } : tier !== undefined && { tier }), ...(tenant !== undefined && { tenant }) };
}

/** A server with all limits of one that is used, behind a proxy that is believed. */
export function boundedServer({ limits, ...options }: Partial<ServerOptions> = {}): Promise<StartedServer> {
  return startServer({
    authenticate: ({ token }) => principalOf(token),
    trustedProxies: 1,
    limits: { ...DEFAULT_LIMITS, ...limits },
    ...options,
  });
}

export function as(port: number, token: string, address = '203.0.113.1'): Promise<RawSocket> {
  return openRaw({ port, headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address } });
}

export interface SentReceipt {
  readonly threadId: string;
  readonly runId: string;
  readonly messageId: string;
}

export const send = (socket: RawSocket, more: object = {}): Promise<SentReceipt> =>
  socket.call('mutation', 'messages.send', { agent: 'pour', text: '1 1', ...more });

/** How many messages are sent before one is refused, and how that is refused. */
export async function sendUntilRefused(socket: RawSocket, atMost = 100) {
  for (let sent = 0; sent < atMost; sent++) {
    const { result, error } = await socket.answer(socket.request('mutation', 'messages.send', { agent: 'pour', text: '1 1' }));
    if (result === undefined) return { sent, refusal: error?.json.data };
  }
  return { sent: atMost, refusal: undefined };
}
