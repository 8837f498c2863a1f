/** Tells a worker that somebody has answered one of its run's calls. A nudge that nobody waited for is not lost. */
export class Nudges {
  #waiting: Promise<'nudged'> | undefined;
  #resolve: (() => void) | undefined;
  #missed = false;

  nudge(): void {
    if (this.#resolve === undefined) this.#missed = true;
    else this.#resolve();
    this.#resolve = undefined;
    this.#waiting = undefined;
  }

  /** Resolves at the next nudge, or at once after one that was missed. */
  next(): Promise<'nudged'> {
    if (this.#missed) {
      this.#missed = false;
      return Promise.resolve('nudged');
    }
    this.#waiting ??= new Promise((resolve) => {
      this.#resolve = () => resolve('nudged');
    });
    return this.#waiting;
  }
}
