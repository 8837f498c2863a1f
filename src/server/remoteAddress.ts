import type { IncomingMessage } from 'node:http';

/** Where a request comes from. */
export function remoteAddress({ socket }: Pick<IncomingMessage, 'socket'>): string {
  return socket.remoteAddress ?? '';
}
