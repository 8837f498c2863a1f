/** Something that is looked after every so often. `nowMs` is monotonic. */
export interface Checked {
  check(nowMs: number): void;
}

export interface Sweep {
  add(item: Checked): void;
  remove(item: Checked): void;
  readonly size: number;
  close(): void;
}

/** One timer for all connections: a timer for each would cost more than the connection. */
export function startSweep(intervalMs: number): Sweep {
  const items = new Set<Checked>();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const item of items) item.check(nowMs);
  }, intervalMs);
  timer.unref();
  return {
    add: (item) => void items.add(item),
    remove: (item) => void items.delete(item),
    get size() {
      return items.size;
    },
    close: () => clearInterval(timer),
  };
}
