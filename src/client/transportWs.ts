import type { Clock } from '../protocol/clock.ts';
import { clientClock } from './clientClock.ts';
import { pause } from './pause.ts';
import type { Transport } from './transport.ts';
import { SocketWire } from './transportSocketWire.ts';
import type { WebSocketConstructor } from './webSocketLike.ts';

export interface WsTransportOptions {
  readonly url: string;
  readonly clientId: string;
  readonly WebSocket: WebSocketConstructor;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  /** Stands for the browser's cookie, which a socket that is open cannot send anew. */
  readonly askTicket: (signal: AbortSignal) => Promise<string>;
}

/** How long `close` waits for the other side before it cuts the socket. */
const CLOSE_GRACE_MS = 1_000;

/** tRPC over one WebSocket at a time. */
export function wsTransport(options: WsTransportOptions): Transport {
  const wires = new Set<SocketWire>();
  return {
    open(token, listener) {
      const wire = new SocketWire(token, listener, options);
      wires.add(wire);
      void wire.gone.then(() => wires.delete(wire));
      return wire;
    },
    async close() {
      for (const wire of wires) wire.close();
      if (wires.size === 0) return;
      const grace = new AbortController();
      const patience = pause(clientClock, CLOSE_GRACE_MS, grace.signal);
      await Promise.race([Promise.all([...wires].map((wire) => wire.gone)), patience]);
      grace.abort();
      for (const wire of wires) wire.cut();
    },
  };
}
