const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** Full jitter: anywhere between 0 and a bound that doubles from 100 ms to 30 s. `attempt` counts failures from 0, `random` gives 0 to 1. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20)));
}
