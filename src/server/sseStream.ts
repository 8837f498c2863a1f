import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { utf8Bytes } from '../db/utf8Bytes.ts';
import type { Limits } from '../protocol/limits.ts';
import { httpChunk } from './frames.ts';
import { type Budget, flushOutboxes, Outbox } from './outbox.ts';
import type { Sink } from './tail.ts';

type Headers = Readonly<Record<string, string | number | string[] | undefined>>;

interface SseOptions {
  readonly response: ServerResponse;
  readonly headers: Headers;
  readonly epoch: string;
  readonly limits: Limits;
  readonly budget: Budget;
}

/** Begins the answer, with further headers; undefined when its reader has gone. */
export function openSse(options: SseOptions): SseStream | undefined {
  const { response, headers } = options;
  if (response.socket === null) return undefined;
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  return new SseStream({ ...options, socket: response.socket, nowMs: performance.now() });
}

/**
 * One subscription over SSE, in the frames that tRPC's `httpSubscriptionLink` reads. They go to the socket past Node's response, which would
 * make three writes of each. Times are monotonic milliseconds.
 */
export class SseStream implements Sink {
  readonly #response: ServerResponse;
  readonly #outbox: Outbox;
  readonly #encode: (text: string) => string;
  readonly #epoch: string;
  readonly #limits: Limits;
  #saidMs: number;

  constructor(opts: Omit<SseOptions, 'headers'> & { readonly socket: Socket; readonly nowMs: number }) {
    const { limits } = opts;
    this.#response = opts.response;
    this.#outbox = new Outbox({ socket: opts.socket, budget: opts.budget, maxBytes: limits.maxBufferedBytesPerSocket });
    // HTTP/1.0 knows no chunks: there the body ends with the connection.
    this.#encode = opts.response.chunkedEncoding ? httpChunk : (bytes) => bytes;
    this.#epoch = opts.epoch;
    this.#limits = limits;
    this.#saidMs = opts.nowMs;
    // The client reconnects by itself when it hears nothing for a while.
    const reconnectAfterInactivityMs = limits.pingIntervalMs + limits.pongTimeoutMs;
    this.#write(`event: connected\ndata: ${JSON.stringify({ reconnectAfterInactivityMs })}\n\n`);
    flushOutboxes();
  }

  get full(): boolean {
    return this.#outbox.full;
  }

  get isSlow(): boolean {
    return this.#outbox.full;
  }

  get room(): number {
    return this.#outbox.room;
  }

  send(seq: number, bytes: string): void {
    this.#write(`data: {"json":${bytes}}\nid: ${this.#epoch}-${seq}\n\n`);
  }

  onDrain(listener: () => void): () => void {
    return this.#outbox.onDrain(listener);
  }

  /** The watch has ended by itself. */
  complete(): void {
    this.#write('event: return\ndata: \n\n');
    this.#end();
  }

  /** The watch has ended by an error, given in tRPC's shape. */
  fail(shape: unknown): void {
    this.#write(`event: serialized-error\ndata: ${utf8Bytes(JSON.stringify({ json: shape }))}\n\n`);
    this.#end();
  }

  /** Called every so often: a sign of life on a quiet stream, and the end of one whose reader takes nothing. */
  check(nowMs: number): void {
    if (this.#outbox.stuckMs(nowMs) > this.#limits.slowReaderTimeoutMs) this.#response.destroy();
    else if (nowMs - this.#saidMs >= this.#limits.pingIntervalMs) {
      this.#saidMs = nowMs;
      if (this.#outbox.heldBytes > 0) return;
      this.#write('event: ping\ndata: \n\n');
      flushOutboxes();
    }
  }

  /** The answer is over: others may use its connection. */
  ended(): void {
    this.#outbox.close();
  }

  /** `bytes` has a character for each byte. */
  #write(bytes: string): void {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#outbox.send(this.#encode(bytes));
  }

  #end(): void {
    flushOutboxes();
    this.#response.end();
  }
}
