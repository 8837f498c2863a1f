/**
 * Lets so many in at once, and so many wait, in order of arrival. One that aborts while it waits gives its place up at once.
 *
 * Not cockatiel's: one that aborted keeps its place in that queue, and when its turn comes those behind it are forgotten.
 */
export class Bulkhead {
  readonly #maxInside: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  constructor({ maxInside, maxWaiting }: { readonly maxInside: number; readonly maxWaiting: number }) {
    this.#maxInside = maxInside;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves, when there is room, with what gives the room back; undefined when too many wait. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    signal.throwIfAborted();
    if (this.#inside < this.#maxInside) this.#inside++;
    else if (this.#waiting.size >= this.#maxWaiting) return undefined;
    else await this.#turn(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(onTurn);
        reject(signal.reason);
      };
      this.#waiting.add(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The room goes to who waited longest, if anybody does. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inside--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
