/** Time as an option, so that tests move it by hand. Delays are in milliseconds. */
export interface Clock {
  /** Epoch milliseconds. May jump; nothing may rely on it for order. */
  now(): number;
  /** Runs `task` once after `delayMs`; the returned function takes it back. Does not keep the process alive. */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    // Browsers return a number, which has nothing to unref.
    if (typeof timer === 'object') timer.unref();
    return () => clearTimeout(timer);
  },
};
