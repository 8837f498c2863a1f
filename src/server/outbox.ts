import type { Socket } from 'node:net';

/** What all sockets of a process hold for readers that do not keep up. */
export interface Budget {
  readonly maxBytes: number;
  heldBytes: number;
}

/**
 * Bytes that the kernel has taken. Node counts a write as one whole until its last byte is gone, and one write may be all that waits: on a
 * slow link that looks like a standstill. The handle knows better; where there is none, the coarse answer has to do.
 */
function takenBytes(socket: Socket): number {
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

/** Those with something that has not been given to their sockets. */
let waiting: Outbox[] = [];

/** Gives what was sent to the sockets. Whoever sends calls it before it returns: others write to them too, and nothing may overtake. */
export function flushOutboxes(): void {
  const outboxes = waiting;
  waiting = [];
  for (const outbox of outboxes) outbox.flush();
}

/**
 * The way out of one socket, in bytes. What is sent until `flushOutboxes` leaves in one write; `full` tells when the reader does not keep
 * up, and then nobody sends more until it has drained.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #budget: Budget;
  readonly #maxBytes: number;
  #unsent = '';
  #heldBytes = 0;
  /** At the last look, and since when. */
  #takenBytes = -1;
  #takenMs = 0;
  #listeners = new Set<() => void>();
  #poll: NodeJS.Timeout | undefined;
  #waking: NodeJS.Immediate | undefined;
  readonly #onDrain = (): void => {
    this.account();
    this.#wakeOrPoll();
  };

  constructor(opts: { readonly socket: Socket; readonly budget: Budget; readonly maxBytes: number }) {
    this.#socket = opts.socket;
    this.#budget = opts.budget;
    this.#maxBytes = opts.maxBytes;
    opts.socket.on('drain', this.#onDrain);
  }

  get full(): boolean {
    const held = this.#socket.writableLength + this.#unsent.length;
    return held > this.#maxBytes || (held > 0 && this.#budget.heldBytes > this.#budget.maxBytes);
  }

  /** Bytes that may be sent before it is full, at least 1. */
  get room(): number {
    return Math.max(1, this.#maxBytes - this.#socket.writableLength - this.#unsent.length);
  }

  /** Bytes that the reader has not taken from us yet. */
  get heldBytes(): number {
    return this.#socket.writableLength;
  }

  get takenBytes(): number {
    return takenBytes(this.#socket);
  }

  /** For how long the reader has taken nothing of what is held for it: 0 when it has since the last time this was asked. */
  stuckMs(nowMs: number): number {
    this.account();
    const { takenBytes } = this;
    if (takenBytes !== this.#takenBytes || this.#heldBytes === 0) {
      this.#takenBytes = takenBytes;
      this.#takenMs = nowMs;
    }
    return nowMs - this.#takenMs;
  }

  /** `bytes` has a character for each byte. Strings cost the socket least: a buffer is 10 % more, two of them for header and body 50 %. */
  send(bytes: string): void {
    if (this.#unsent === '') waiting.push(this);
    this.#unsent += bytes;
  }

  flush(): void {
    const bytes = this.#unsent;
    this.#unsent = '';
    if (bytes !== '' && this.#socket.writable) {
      this.#socket.write(bytes, 'latin1');
      this.account();
    }
    // What the kernel takes at once is followed by no `drain`.
    if (this.#listeners.size > 0) this.#wakeOrPoll();
  }

  /** Calls `listener` once, when there is room again or the socket has closed. */
  onDrain(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#unsent === '') this.#wakeOrPoll();
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket.off('drain', this.#onDrain);
    clearTimeout(this.#poll);
    clearImmediate(this.#waking);
    this.#unsent = '';
    this.#budget.heldBytes -= this.#heldBytes;
    this.#heldBytes = 0;
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }

  /** Tells the budget what is held now: others send through the socket too, and one that drains does not always say so. */
  account(): void {
    const held = this.#socket.writableLength;
    this.#budget.heldBytes += held - this.#heldBytes;
    this.#heldBytes = held;
  }

  #wakeOrPoll(): void {
    if (!this.full) this.#waking ??= setImmediate(this.#wake);
    // `drain` comes only after a write was refused, which takes more bytes than a small limit may allow, and not once the socket ends.
    else if (!this.#socket.writableNeedDrain || !this.#socket.writable) this.#poll ??= setTimeout(this.#look, POLL_MS).unref();
  }

  /** Those that wait take turns, each in a turn of the event loop: together they would read more than there is room for. */
  readonly #wake = (): void => {
    this.#waking = undefined;
    const [listener] = this.#listeners;
    if (listener === undefined) return;
    this.#listeners.delete(listener);
    listener();
    if (this.#listeners.size > 0) this.#wakeOrPoll();
  };

  readonly #look = (): void => {
    this.#poll = undefined;
    this.account();
    if (this.#listeners.size === 0) return;
    if (this.#socket.writable) this.#wakeOrPoll();
    else this.#wake();
  };
}
