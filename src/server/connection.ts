import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CLOSE_CODES } from '../protocol/closeCodes.ts';
import type { Limits } from '../protocol/limits.ts';
import { type Budget, Outbox } from './outbox.ts';
import type { Sink } from './tail.ts';

/** Bytes that may sit in the kernel's buffers, so that a ping behind them is late though the reader takes them. */
const KERNEL_BYTES = 64 * 1024;

/** One WebSocket: what it holds, and whether its other end is alive, idle or stuck. Times are monotonic milliseconds. */
export class Connection {
  readonly outbox: Outbox;
  readonly #ws: WebSocket;
  readonly #limits: Limits;
  /** Watches that are open. */
  subscriptions = 0;
  /** Calls that are being answered. */
  calls = 0;
  #authenticated = false;
  readonly #openedMs: number;
  #heardMs: number;
  #usedMs: number;
  #pingedMs: number | undefined;
  #takenBytes = 0;
  #takenMs: number;
  #takenWhenHeard = 0;
  #closing = false;

  constructor(opts: {
    readonly ws: WebSocket;
    readonly socket: Socket;
    readonly limits: Limits;
    readonly budget: Budget;
    readonly nowMs: number;
  }) {
    const { ws, socket, limits, budget, nowMs } = opts;
    this.#ws = ws;
    this.#limits = limits;
    this.outbox = new Outbox({ ws, socket, budget, maxBytes: limits.maxBufferedBytesPerSocket });
    this.#openedMs = nowMs;
    this.#heardMs = nowMs;
    this.#usedMs = nowMs;
    this.#takenMs = nowMs;
  }

  /** Any frame is a sign of life; one that is not a ping is use. */
  heard(nowMs: number, isUse: boolean): void {
    this.#heardMs = nowMs;
    this.#pingedMs = undefined;
    this.#takenWhenHeard = this.outbox.takenBytes;
    if (isUse) this.#usedMs = nowMs;
  }

  authenticated(): void {
    this.#authenticated = true;
  }

  /** Whoever asks for more while it does not take what it asked for is not listened to until it has. */
  pauseWhileFull(): void {
    if (!this.outbox.full || this.#ws.isPaused) return;
    this.#ws.pause();
    this.outbox.onDrain(() => this.#ws.resume());
  }

  /** A way out for one subscription. `prefix` is everything of its frames that comes before the event's id. */
  sink(requestId: string, epoch: string): Sink {
    const { outbox } = this;
    const prefix = `{"id":${requestId},"result":{"type":"data","data":{"json":{"id":"${epoch}-`;
    return {
      get full() {
        return outbox.full;
      },
      send: (seq, json) => outbox.send(`${prefix}${seq}","data":${json}}},"id":"${epoch}-${seq}"}}`),
      onDrain: (listener) => outbox.onDrain(listener),
    };
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#ws.close(code, reason);
  }

  /** Called every so often: pings, and ends what is dead, idle or stuck. */
  check(nowMs: number): void {
    if (this.#closing) return;
    const limits = this.#limits;
    if (!this.#authenticated && nowMs - this.#openedMs > limits.authTimeoutMs) {
      return this.close(CLOSE_CODES.AUTH_TIMEOUT, 'AUTH_TIMEOUT');
    }
    this.outbox.account();
    const { takenBytes, heldBytes } = this.outbox;
    if (takenBytes !== this.#takenBytes || heldBytes === 0) {
      this.#takenBytes = takenBytes;
      this.#takenMs = nowMs;
    }
    if (nowMs - this.#takenMs > limits.slowReaderTimeoutMs) return this.close(CLOSE_CODES.SLOW_READER, 'SLOW_READER');
    if (this.subscriptions === 0 && this.calls === 0 && nowMs - this.#usedMs > limits.idleTimeoutMs) {
      return this.close(CLOSE_CODES.IDLE, 'IDLE');
    }
    if (this.#pingedMs === undefined) {
      if (nowMs - this.#heardMs < limits.pingIntervalMs) return;
      this.#pingedMs = nowMs;
      this.#ws.ping();
    } else if (nowMs - this.#pingedMs > this.#patienceMs(heldBytes, takenBytes)) {
      // Nobody there: a close frame would wait as long as the pong.
      this.#closing = true;
      this.#ws.terminate();
    }
  }

  ended(): void {
    this.#closing = true;
    this.outbox.close();
  }

  /** A pong waits behind the data that a slow link still carries. */
  #patienceMs(heldBytes: number, takenBytes: number): number {
    const behind = heldBytes > 0 || takenBytes - this.#takenWhenHeard > KERNEL_BYTES;
    return behind ? Math.max(this.#limits.slowReaderTimeoutMs, this.#limits.pongTimeoutMs) : this.#limits.pongTimeoutMs;
  }
}
