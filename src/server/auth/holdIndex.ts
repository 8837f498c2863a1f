import type { Caller, Hold } from './caller.ts';

/** What is held of each thread, and by whom: a share that changes concerns nobody else. */
export class HoldIndex {
  /** Under `undefined` what may be of any thread. */
  readonly #byThread = new Map<number | undefined, Map<Hold, Caller>>();

  /** One that nothing can change but its caller's own end is not kept. */
  add(hold: Hold, caller: Caller): void {
    if (hold.lookAgain === undefined) return;
    const held = this.#byThread.get(hold.thread);
    if (held === undefined) this.#byThread.set(hold.thread, new Map([[hold, caller]]));
    else held.set(hold, caller);
  }

  delete(hold: Hold): void {
    const held = this.#byThread.get(hold.thread);
    if (held?.delete(hold) === true && held.size === 0) this.#byThread.delete(hold.thread);
  }

  of(thread: number): readonly (readonly [Hold, Caller])[] {
    return [...(this.#byThread.get(thread) ?? []), ...(this.#byThread.get(undefined) ?? [])];
  }
}
