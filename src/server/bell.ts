/** The wake-up that says "this thread's log moved" and carries no data: who hears it reads the log. A bell may ring without need, never the reverse. */
export interface Bell {
  ring(threads: readonly number[]): void;
  /** Calls `listener` at each ring for a thread until the returned function is called. Must not throw. */
  listen(thread: number, listener: () => void): () => void;
  /** Listeners there are: zero when nobody reads. */
  readonly listeners: number;
}

type Listener = () => void;

/** A bell within one process. Listeners are called in the order they came, within `ring`. */
export function localBell(): Bell {
  /** Almost every thread has one listener: a set for it would be two more places in memory to visit for each event. */
  const byThread = new Map<number, Listener | Set<Listener>>();
  let count = 0;
  return {
    ring(threads) {
      for (const thread of threads) {
        const listeners = byThread.get(thread);
        if (typeof listeners === 'function') listeners();
        else if (listeners !== undefined) for (const listener of listeners) listener();
      }
    },
    listen(thread, listener) {
      const there = byThread.get(thread);
      // One listener given twice is two.
      const isThere = there instanceof Set ? there.has(listener) : there === listener;
      const own = isThere ? (): void => listener() : listener;
      if (there === undefined) byThread.set(thread, own);
      else if (typeof there === 'function') byThread.set(thread, new Set([there, own]));
      else there.add(own);
      count++;
      let listening = true;
      return () => {
        if (!listening) return;
        listening = false;
        count--;
        const left = byThread.get(thread);
        if (left instanceof Set) left.delete(own);
        if (left === own || (left instanceof Set && left.size === 0)) byThread.delete(thread);
      };
    },
    get listeners() {
      return count;
    },
  };
}
