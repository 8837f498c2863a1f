import type { Clock } from '../protocol/clock.ts';
import type { Transport } from './transport.ts';
import { SocketWire } from './transportSocketWire.ts';
import type { WebSocketConstructor } from './webSocketLike.ts';

export interface WsTransportOptions {
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/** How long `close` waits for the other side before it cuts the socket. */
const CLOSE_GRACE_MS = 1_000;

/** tRPC over one WebSocket at a time. */
export function wsTransport(options: WsTransportOptions): Transport {
  const open = new Map<SocketWire, Promise<void>>();
  return {
    open(token, listener) {
      const wire = new SocketWire(token, listener, options);
      const gone = wire.gone.then(() => void open.delete(wire));
      open.set(wire, gone);
      return wire;
    },
    async close() {
      const wires = [...open];
      for (const [wire] of wires) wire.close();
      const stop = options.clock.after(CLOSE_GRACE_MS, () => {
        for (const [wire] of wires) wire.cut();
      });
      await Promise.all(wires.map(([, gone]) => gone));
      stop();
    },
  };
}
