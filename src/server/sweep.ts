import type { Limits } from '../protocol/limits.ts';

/** Something that is looked after every so often. `nowMs` is monotonic. */
export interface Checked {
  /** It holds as much as it may for a reader that does not keep up. */
  readonly isSlow?: boolean;
  check(nowMs: number): void;
}

export interface Sweep {
  add(item: Checked): void;
  remove(item: Checked): void;
  readonly size: number;
  readonly slow: number;
  close(): void;
}

type SweptLimits = 'pingIntervalMs' | 'pongTimeoutMs' | 'idleTimeoutMs' | 'slowReaderTimeoutMs' | 'authTimeoutMs';

/** One timer for all connections, often enough for the limits: a timer for each would cost more than the connection. */
export function startSweep(limits: Pick<Limits, SweptLimits>): Sweep {
  const { pingIntervalMs, pongTimeoutMs, idleTimeoutMs, slowReaderTimeoutMs, authTimeoutMs } = limits;
  const shortestMs = Math.min(pingIntervalMs, pongTimeoutMs, idleTimeoutMs, slowReaderTimeoutMs, authTimeoutMs);
  const items = new Set<Checked>();
  const timer = setInterval(
    () => {
      const nowMs = performance.now();
      for (const item of items) item.check(nowMs);
    },
    Math.max(10, Math.min(1_000, shortestMs / 4)),
  );
  timer.unref();
  return {
    add: (item) => void items.add(item),
    remove: (item) => void items.delete(item),
    get size() {
      return items.size;
    },
    get slow() {
      let slow = 0;
      for (const item of items) if (item.isSlow === true) slow++;
      return slow;
    },
    close: () => clearInterval(timer),
  };
}
