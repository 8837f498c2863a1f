import type { Clock } from '../protocol/clock.ts';

/** Unlike `systemClock`, keeps the process alive: every timer of a client stands for a caller who waits for something. */
export const clientClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
