import type { ServerResponse } from 'node:http';
import type { Limits } from '../protocol/limits.ts';
import { type Budget, takenBytes } from './outbox.ts';
import type { Sink } from './tail.ts';

/** One subscription over SSE, in the frames that tRPC's `httpSubscriptionLink` reads. Times are monotonic milliseconds. */
export class SseStream implements Sink {
  readonly #response: ServerResponse;
  readonly #epoch: string;
  readonly #limits: Limits;
  readonly #budget: Budget;
  #heldBytes = 0;
  #corked = false;
  #saidMs: number;
  #takenBytes = 0;
  #takenMs: number;

  constructor(opts: {
    readonly response: ServerResponse;
    readonly epoch: string;
    readonly limits: Limits;
    readonly budget: Budget;
    readonly nowMs: number;
  }) {
    this.#response = opts.response;
    this.#epoch = opts.epoch;
    this.#limits = opts.limits;
    this.#budget = opts.budget;
    this.#saidMs = opts.nowMs;
    this.#takenMs = opts.nowMs;
  }

  /** Begins the answer, with further headers. The client reconnects by itself when it hears nothing for a while. */
  open(headers: Readonly<Record<string, string | number | string[] | undefined>>): void {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) this.#response.setHeader(name, value);
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const reconnectAfterInactivityMs = this.#limits.pingIntervalMs + this.#limits.pongTimeoutMs;
    this.#write(`event: connected\ndata: ${JSON.stringify({ reconnectAfterInactivityMs })}\n\n`);
  }

  get full(): boolean {
    const held = this.#response.writableLength;
    return held > this.#limits.maxBufferedBytesPerSocket || (held > 0 && this.#budget.heldBytes > this.#budget.maxBytes);
  }

  send(seq: number, json: string): void {
    this.#write(`data: {"json":${json}}\nid: ${this.#epoch}-${seq}\n\n`);
  }

  onDrain(listener: () => void): () => void {
    // `drain` comes only after a refused write; a small limit may be passed before that.
    if (this.#response.writableNeedDrain) {
      this.#response.once('drain', listener);
      return () => this.#response.off('drain', listener);
    }
    const timer = setTimeout(listener, 20);
    timer.unref();
    return () => clearTimeout(timer);
  }

  /** The watch has ended by itself. */
  complete(): void {
    this.#write('event: return\ndata: \n\n');
    this.#end();
  }

  /** The watch has ended by an error, given in tRPC's shape. */
  fail(shape: unknown): void {
    this.#write(`event: serialized-error\ndata: ${JSON.stringify({ json: shape })}\n\n`);
    this.#end();
  }

  /** Called every so often: a sign of life on a quiet stream, and the end of one whose reader takes nothing. */
  check(nowMs: number): void {
    this.#account();
    const { socket } = this.#response;
    const held = this.#response.writableLength;
    const taken = socket === null ? 0 : takenBytes(socket);
    if (held === 0 || taken !== this.#takenBytes) {
      this.#takenBytes = taken;
      this.#takenMs = nowMs;
    }
    if (nowMs - this.#takenMs > this.#limits.slowReaderTimeoutMs) this.#response.destroy();
    else if (nowMs - this.#saidMs >= this.#limits.pingIntervalMs) {
      this.#saidMs = nowMs;
      if (held === 0) this.#write('event: ping\ndata: \n\n');
    }
  }

  ended(): void {
    this.#budget.heldBytes -= this.#heldBytes;
    this.#heldBytes = 0;
  }

  destroy(): void {
    this.#response.destroy();
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#response.cork();
      process.nextTick(() => this.#uncork());
    }
    this.#response.write(text);
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#response.uncork();
    this.#account();
  }

  /** Node 24 sends the last chunk of a corked answer before the chunks it holds back. */
  #end(): void {
    this.#uncork();
    this.#response.end();
  }

  #account(): void {
    const held = this.#response.destroyed ? 0 : this.#response.writableLength;
    this.#budget.heldBytes += held - this.#heldBytes;
    this.#heldBytes = held;
  }
}
