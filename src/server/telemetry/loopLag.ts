import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;

/** How long the event loop stands still. `close` it. */
export interface LoopLag {
  /** The longest since this was last asked, in milliseconds. */
  take(): number;
  /** The longest of about the last second. */
  recent(): number;
  close(): void;
}

/** Node counts in C++, at 50 looks a second: nothing that can be measured. */
export function watchLoopLag(): LoopLag {
  const since = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const recent = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let before = 0;
  since.enable();
  recent.enable();
  const timer = setInterval(() => {
    before = lagOf(recent.max);
    recent.reset();
  }, 1_000);
  timer.unref();
  return {
    take() {
      const lag = lagOf(since.max);
      since.reset();
      return lag;
    },
    recent: () => Math.max(before, lagOf(recent.max)),
    close() {
      clearInterval(timer);
      since.disable();
      recent.disable();
    },
  };
}

/** What is counted is the time between two looks. */
function lagOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}
