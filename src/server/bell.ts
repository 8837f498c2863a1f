/** The wake-up that says "this thread's log moved" and carries no data: who hears it reads the log. A bell may ring without need, never the reverse. */
export interface Bell {
  ring(threads: readonly number[]): void;
  /** Calls `listener` at each ring for a thread until the returned function is called. Must not throw. */
  listen(thread: number, listener: () => void): () => void;
  /** Listeners there are: zero when nobody reads. */
  readonly listeners: number;
}

/** A bell within one process. Listeners are called in the order they came, within `ring`. */
export function localBell(): Bell {
  const byThread = new Map<number, Set<() => void>>();
  let count = 0;
  return {
    ring(threads) {
      for (const thread of threads) {
        const listeners = byThread.get(thread);
        if (listeners !== undefined) for (const listener of listeners) listener();
      }
    },
    listen(thread, listener) {
      let listeners = byThread.get(thread);
      if (listeners === undefined) {
        listeners = new Set();
        byThread.set(thread, listeners);
      }
      // A function of its own, so that one listener given twice is two.
      const own = (): void => listener();
      listeners.add(own);
      count++;
      return () => {
        if (!listeners.delete(own)) return;
        count--;
        if (listeners.size === 0 && byThread.get(thread) === listeners) byThread.delete(thread);
      };
    },
    get listeners() {
      return count;
    },
  };
}
