import type { WebSocket } from 'ws';
import { utf8Bytes } from '../db/utf8Bytes.ts';
import { textFrame } from './frames.ts';
import type { Outbox } from './outbox.ts';
import type { Sink } from './tail.ts';

/** The way out of one subscription of a WebSocket: frames as tRPC's adapter would send them. */
export class SocketSink implements Sink {
  readonly #ws: WebSocket;
  readonly #outbox: Outbox;
  readonly #epoch: string;
  /** Everything that comes before the seq. */
  readonly #prefix: string;

  constructor(opts: { readonly ws: WebSocket; readonly outbox: Outbox; readonly requestId: string; readonly epoch: string }) {
    this.#ws = opts.ws;
    this.#outbox = opts.outbox;
    this.#epoch = opts.epoch;
    this.#prefix = utf8Bytes(`{"id":${opts.requestId},"result":{"type":"data","data":{"json":{"id":"${opts.epoch}-`);
  }

  get full(): boolean {
    return this.#outbox.full;
  }

  get room(): number {
    return this.#outbox.room;
  }

  send(seq: number, bytes: string): void {
    // Nothing may follow a close frame.
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#outbox.send(textFrame(`${this.#prefix}${seq}","data":${bytes}}},"id":"${this.#epoch}-${seq}"}}`));
  }

  onDrain(listener: () => void): () => void {
    return this.#outbox.onDrain(listener);
  }
}
