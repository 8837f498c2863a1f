import type { Clock } from '../protocol/clock.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Tasks that wait for their time. */
  readonly pending: number;
  /**
   * Lets `ms` milliseconds pass: runs every task that falls due on the way, those that tasks scheduled included, in order of time, each with
   * the clock at its own time. Between two tasks the promises that the first one settled get to run. A task that throws rejects the
   * call; the tasks after it stay pending. So do 10,000 tasks in one call: something schedules itself without end.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, back or forth, without time passing: no task runs, and every task keeps the delay it had left. */
  set(epochMs: number): void;
}

const MAX_TASKS = 10_000;

interface Waiting {
  /** By elapsed time, which a jump of the wall clock does not change. */
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** Starts at 2026-01-01T00:00:00Z unless told otherwise. Two clocks share nothing. */
export function createManualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  const waiting = new Set<Waiting>();
  let elapsedMs = 0;
  let wallOffsetMs = startMs;
  let scheduled = 0;

  const nextDue = (untilMs: number): Waiting | undefined => {
    let next: Waiting | undefined;
    for (const entry of waiting) {
      if (entry.dueMs > untilMs) continue;
      if (next === undefined || entry.dueMs < next.dueMs || (entry.dueMs === next.dueMs && entry.order < next.order)) next = entry;
    }
    return next;
  };

  return {
    get pending() {
      return waiting.size;
    },
    now: () => wallOffsetMs + elapsedMs,
    after(delayMs, task) {
      // As setTimeout does it: nothing is due in the past, and nothing runs in the turn that asked for it.
      const entry: Waiting = { dueMs: elapsedMs + Math.max(0, delayMs), order: scheduled++, task };
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
      };
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`A clock advances by 0 ms or more, not ${ms}; use set() for a clock that goes back`);
      const untilMs = elapsedMs + ms;
      await settle();
      let ran = 0;
      for (let next = nextDue(untilMs); next !== undefined; next = nextDue(untilMs)) {
        if (ran++ === MAX_TASKS)
          throw new Error(`${MAX_TASKS} tasks ran within ${ms} ms of a manual clock: one schedules itself without end`);
        waiting.delete(next);
        elapsedMs = next.dueMs;
        next.task();
        await settle();
      }
      elapsedMs = untilMs;
    },
    set(epochMs) {
      wallOffsetMs = epochMs - elapsedMs;
    },
  };
}

/** One turn of the event loop: every promise that can settle without I/O has settled after it. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
