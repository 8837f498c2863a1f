import type { Socket } from 'node:net';

/** What is wrong with one direction of every connection of a proxy. Pipes read it at each step; after a change, call their `update`. */
export interface PipeFaults {
  stalled: boolean;
  dropped: boolean;
  bytesPerSecond: number | undefined;
  forwardedBytes: number;
  droppedBytes: number;
}

export const soundPipe = (): PipeFaults => ({
  stalled: false,
  dropped: false,
  bytesPerSecond: undefined,
  forwardedBytes: 0,
  droppedBytes: 0,
});

/**
 * One direction of one connection. Holds at most one chunk: whatever is slow behind it is felt by the sender, through TCP itself.
 * A FIN travels like a byte: after the bytes before it, not while stalled, and not at all when dropped.
 */
export class FaultPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #faults: PipeFaults;
  #held: Buffer | undefined;
  #ended = false;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, faults: PipeFaults) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    from.on('data', (chunk) => {
      this.#held = chunk;
      from.pause();
      this.#pump();
    });
    from.on('end', () => {
      this.#ended = true;
      this.#pump();
    });
    to.on('drain', () => {
      this.#draining = false;
      this.#pump();
    });
    this.update();
  }

  /** Applies changed faults to what is under way. */
  update(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#faults.stalled) this.#from.pause();
    else this.#pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
  }

  #pump(): void {
    if (this.#faults.stalled || this.#draining || this.#timer !== undefined) return;
    if (this.#held === undefined) {
      if (this.#ended && !this.#faults.dropped) this.#to.end();
      else this.#from.resume();
      return;
    }
    if (this.#faults.dropped) {
      this.#faults.droppedBytes += this.#held.length;
      this.#held = undefined;
      this.#from.resume();
      return;
    }
    this.#forward(this.#held);
  }

  #forward(held: Buffer): void {
    const { bytesPerSecond } = this.#faults;
    // A tenth of a second at a time, so that a slow link trickles and does not burst.
    const slice = bytesPerSecond === undefined ? held : held.subarray(0, Math.max(1, Math.floor(bytesPerSecond / 10)));
    this.#held = slice.length === held.length ? undefined : held.subarray(slice.length);
    this.#faults.forwardedBytes += slice.length;
    if (!this.#to.destroyed && !this.#to.write(slice)) this.#draining = true;
    if (bytesPerSecond === undefined) {
      this.#pump();
    } else {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#pump();
        },
        (slice.length / bytesPerSecond) * 1_000,
      );
    }
  }
}
