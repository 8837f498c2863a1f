/** Timers that code under `src/` set and that have neither run nor been cleared, unref'ed ones included. */
export interface LiveTimers extends Disposable {
  readonly count: number;
  /** Where each was set, for a message that helps. */
  readonly origins: readonly string[];
}

/**
 * Starts counting; dispose to stop. Node does not list timers that were unref'ed, and the test runner sets its own all the time: so the
 * timers are told apart by the stack that set them. Modules that took `setTimeout` from `node:timers` are not seen.
 */
export function watchTimers(): LiveTimers {
  const live = new Map<unknown, string>();
  const {
    setTimeout: realSetTimeout,
    clearTimeout: realClearTimeout,
    setInterval: realSetInterval,
    clearInterval: realClearInterval,
  } = globalThis;

  const remember = (timer: unknown): void => {
    const ours = new Error('set').stack?.split('\n').filter((line) => line.includes('/src/'));
    // Who asked the clock is what helps.
    const origin = ours?.find((line) => !line.includes('/clock.ts')) ?? ours?.[0];
    if (origin !== undefined) live.set(timer, origin.trim());
  };
  const setTimer = (task: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): NodeJS.Timeout => {
    const timer = realSetTimeout(() => {
      live.delete(timer);
      task(...args);
    }, delayMs);
    remember(timer);
    return timer;
  };
  const setRepeating = (task: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): NodeJS.Timeout => {
    const timer = realSetInterval(task, delayMs, ...args);
    remember(timer);
    return timer;
  };
  const clear = (real: (timer?: NodeJS.Timeout) => void) => (timer?: NodeJS.Timeout) => {
    live.delete(timer);
    real(timer);
  };
  // The replacements lack `__promisify__`, which only util.promisify reads.
  Object.assign(globalThis, {
    setTimeout: setTimer,
    clearTimeout: clear(realClearTimeout),
    setInterval: setRepeating,
    clearInterval: clear(realClearInterval),
  });
  return {
    get count() {
      return live.size;
    },
    get origins() {
      return [...live.values()];
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, {
        setTimeout: realSetTimeout,
        clearTimeout: realClearTimeout,
        setInterval: realSetInterval,
        clearInterval: realClearInterval,
      });
    },
  };
}
