import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** What all sockets of a process hold for readers that do not keep up. */
export interface Budget {
  readonly maxBytes: number;
  heldBytes: number;
}

/**
 * Bytes that the kernel has taken. Node counts a write as one whole until its last byte is gone, and one write may be all that waits: on a
 * slow link that looks like a standstill. The handle knows better; where there is none, the coarse answer has to do.
 */
export function takenBytes(socket: Socket): number {
  const { _bytesDispatched: dispatched, _handle: handle } = socket as {
    readonly _bytesDispatched?: number;
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  const waiting = handle?.writeQueueSize;
  if (dispatched === undefined || waiting === undefined) return socket.bytesWritten - socket.writableLength;
  return dispatched - waiting;
}

/** How soon to look again at a socket that holds too much and will not say when it has drained. */
const POLL_MS = 20;

/**
 * The way out of one WebSocket. Frames of one turn leave in one write; `full` tells when the reader does not keep up, and then nobody sends
 * more until it has drained.
 */
export class Outbox {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #budget: Budget;
  readonly #maxBytes: number;
  #corked = false;
  #heldBytes = 0;
  #waiting = new Set<() => void>();
  #poll: NodeJS.Timeout | undefined;
  readonly #onDrain = (): void => {
    this.account();
    this.#wake();
  };

  constructor(opts: { readonly ws: WebSocket; readonly socket: Socket; readonly budget: Budget; readonly maxBytes: number }) {
    this.#ws = opts.ws;
    this.#socket = opts.socket;
    this.#budget = opts.budget;
    this.#maxBytes = opts.maxBytes;
    opts.socket.on('drain', this.#onDrain);
  }

  get full(): boolean {
    const held = this.#socket.writableLength;
    return held > this.#maxBytes || (held > 0 && this.#budget.heldBytes > this.#budget.maxBytes);
  }

  /** Bytes that the reader has not taken from us yet. */
  get heldBytes(): number {
    return this.#socket.writableLength;
  }

  get takenBytes(): number {
    return takenBytes(this.#socket);
  }

  send(frame: string): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      corked.push(this);
      if (corked.length === 1) process.nextTick(uncorkAll);
    }
    this.#ws.send(frame);
  }

  /** Calls `listener` once, when there is room again or the socket has closed. */
  onDrain(listener: () => void): () => void {
    this.#waiting.add(listener);
    this.#pollUnlessDraining();
    return () => this.#waiting.delete(listener);
  }

  close(): void {
    this.#socket.off('drain', this.#onDrain);
    clearTimeout(this.#poll);
    this.#budget.heldBytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#wake();
  }

  uncork(): void {
    this.#corked = false;
    this.#socket.uncork();
    this.account();
  }

  /** Tells the budget what is held now: others send through the socket too, and one that drains does not always say so. */
  account(): void {
    const held = this.#socket.writableLength;
    this.#budget.heldBytes += held - this.#heldBytes;
    this.#heldBytes = held;
  }

  #wake(): void {
    const listeners = this.#waiting;
    if (listeners.size === 0) return;
    this.#waiting = new Set();
    for (const listener of listeners) listener();
  }

  /** `drain` comes only after a write was refused, which takes more bytes than a small limit may allow. */
  #pollUnlessDraining(): void {
    if (this.#poll !== undefined || this.#socket.writableNeedDrain) return;
    this.#poll = setTimeout(() => {
      this.#poll = undefined;
      this.account();
      if (!this.full || this.#ws.readyState !== this.#ws.OPEN) this.#wake();
      else if (this.#waiting.size > 0) this.#pollUnlessDraining();
    }, POLL_MS);
    this.#poll.unref();
  }
}

let corked: Outbox[] = [];

function uncorkAll(): void {
  const outboxes = corked;
  corked = [];
  for (const outbox of outboxes) outbox.uncork();
}
