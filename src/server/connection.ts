import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CLOSE_CODES } from '../protocol/closeCodes.ts';
import type { Limits } from '../protocol/limits.ts';
import { type Budget, Outbox } from './outbox.ts';
import { frameBytesOf } from './socketEncoder.ts';
import { SocketSink } from './socketSink.ts';
import type { Sink } from './tail.ts';

/** A ping waits behind what is in the kernel's buffers: at most so many bytes, on a link that carries at least so many a second. */
const KERNEL_BYTES = 4 * 1024 * 1024;
const SLOWEST_BYTES_PER_MS = 16;
/** Errors of watches pass a few promises before they are sent. */
const CLOSE_SOON_MS = 50;

/** One WebSocket: what it holds, and whether its other end is alive, idle or stuck. Times are monotonic milliseconds. */
export class Connection {
  readonly id: string;
  readonly outbox: Outbox;
  readonly #ws: WebSocket;
  readonly #limits: Limits;
  /** Watches that are open. */
  subscriptions = 0;
  #authenticated = false;
  readonly #openedMs: number;
  #heardMs: number;
  #usedMs: number;
  #pingedMs: number | undefined;
  #takenWhenHeard = 0;
  #closing = false;
  #calls = 0;
  #callBytes = 0;
  #turn: Promise<void> = Promise.resolve();
  #awaitsDrain = false;

  constructor(opts: {
    readonly id: string;
    readonly ws: WebSocket;
    readonly socket: Socket;
    readonly limits: Limits;
    readonly budget: Budget;
    readonly nowMs: number;
  }) {
    const { ws, socket, limits, budget, nowMs } = opts;
    this.id = opts.id;
    this.#ws = ws;
    this.#limits = limits;
    this.outbox = new Outbox({ socket, budget, maxBytes: limits.maxBufferedBytesPerSocket });
    this.#openedMs = nowMs;
    this.#heardMs = nowMs;
    this.#usedMs = nowMs;
  }

  get isSlow(): boolean {
    return this.outbox.full;
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
    this.#listenOrNot();
  }

  /** Nothing is asked of it, and nothing waits to be sent. */
  get isIdle(): boolean {
    return this.subscriptions === 0 && this.#calls === 0 && this.outbox.heldBytes === 0;
  }

  /** Call what it returns when the call with this input is answered. */
  callStarted(input: unknown): () => void {
    const bytes = frameBytesOf(input);
    this.#calls++;
    this.#callBytes += bytes;
    this.#listenOrNot();
    return () => {
      this.#calls--;
      this.#callBytes -= bytes;
      this.#listenOrNot();
    };
  }

  /** A frame has come: before the next one is read, there must be room for what it asks. */
  received(): void {
    this.#listenOrNot();
  }

  /**
   * Resolves when an answer may be made: the ones before it have been sent, and the reader has taken them but for what it may leave. Frames
   * that came together are all read at once, and each may ask for a page. Call what it resolves to when the answer is made.
   */
  async takeTurn(): Promise<() => void> {
    const before = this.#turn;
    let release = (): void => {};
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    while (this.outbox.full && !this.#closing) await new Promise<void>((resolve) => this.outbox.onDrain(resolve));
    // Sent within the promises that follow, which all run before the next tick.
    return () =>
      process.nextTick(() => {
        this.outbox.account();
        release();
      });
  }

  /** A way out for one subscription. */
  sink(requestId: string, epoch: string): Sink {
    return new SocketSink({ ws: this.#ws, outbox: this.outbox, requestId, epoch });
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#ws.close(code, reason);
    // The other end's close frame is to be read, and nothing that it still asks.
    this.#ws.removeAllListeners('message');
    this.#ws.resume();
  }

  /** Closes it once what is being said now has been sent: the errors that say why. */
  closeSoon(code: number, reason: string): void {
    this.#closing = true;
    this.#ws.removeAllListeners('message');
    setTimeout(() => this.close(code, reason), CLOSE_SOON_MS).unref();
  }

  /** Called every so often: pings, and ends what is dead, idle or stuck. */
  check(nowMs: number): void {
    if (this.#closing) return;
    const limits = this.#limits;
    if (!this.#authenticated && nowMs - this.#openedMs > limits.authTimeoutMs) {
      return this.close(CLOSE_CODES.AUTH_TIMEOUT, 'AUTH_TIMEOUT');
    }
    const stuckMs = this.outbox.stuckMs(nowMs);
    const { takenBytes, heldBytes } = this.outbox;
    // More is taken only where the other end has made room: as good as a frame from it.
    if (stuckMs === 0 && heldBytes > 0 && this.#pingedMs !== undefined) this.#pingedMs = nowMs;
    // Nothing is read: its pongs are not either. Stuck or not is for the other limits to say.
    if (this.#ws.isPaused) this.heard(nowMs, false);
    if (stuckMs > limits.slowReaderTimeoutMs) return this.close(CLOSE_CODES.SLOW_READER, 'SLOW_READER');
    if (this.subscriptions > 0 || this.#calls > 0 || heldBytes > 0) this.#usedMs = nowMs;
    else if (nowMs - this.#usedMs > limits.idleTimeoutMs) {
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

  /** Whoever asks for more while it does not take what it asked for, or before we know who it is, is not read until it has, or we do. */
  #listenOrNot(): void {
    const { full } = this.outbox;
    if (this.#closing) return;
    const { maxCallsPerSocket, maxCallBytesPerSocket } = this.#limits;
    const hasRoom = this.#calls < maxCallsPerSocket && this.#callBytes < maxCallBytesPerSocket;
    if (this.#authenticated && hasRoom && !full) return this.#ws.isPaused ? this.#ws.resume() : undefined;
    this.#ws.pause();
    if (!full || this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.outbox.onDrain(() => {
      this.#awaitsDrain = false;
      this.#listenOrNot();
    });
  }

  /** A pong waits behind the data that a slow link still carries. */
  #patienceMs(heldBytes: number, takenBytes: number): number {
    const { slowReaderTimeoutMs, pongTimeoutMs } = this.#limits;
    const patienceMs = pongTimeoutMs + Math.min(takenBytes - this.#takenWhenHeard, KERNEL_BYTES) / SLOWEST_BYTES_PER_MS;
    return heldBytes > 0 ? Math.max(slowReaderTimeoutMs, patienceMs) : patienceMs;
  }
}
