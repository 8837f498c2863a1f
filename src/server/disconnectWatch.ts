import type { Clock } from '../protocol/clock.ts';

/** Who reads: every open watch of a thread or of one of its runs. */
export interface Readers {
  /** Counts a reader until the returned function is called. */
  add(thread: number, run: number | undefined): () => void;
  isWatched(thread: number, run: number): boolean;
  /** Called when the last reader of a thread, or of a run, has gone or the first has come. */
  onChange(listener: (thread: number) => void): void;
  readonly count: number;
}

export function countReaders(): Readers {
  const ofThread = new Map<number, number>();
  const ofRun = new Map<number, number>();
  const listeners: ((thread: number) => void)[] = [];
  let count = 0;
  return {
    add(thread, run) {
      const [counts, key] = run === undefined ? [ofThread, thread] : [ofRun, run];
      const step = (by: number): void => {
        count += by;
        const readers = (counts.get(key) ?? 0) + by;
        if (readers === 0) counts.delete(key);
        else counts.set(key, readers);
        if (readers === 0 || (by > 0 && readers === 1)) for (const listener of listeners) listener(thread);
      };
      step(1);
      let open = true;
      return () => {
        if (open) step(-1);
        open = false;
      };
    },
    isWatched: (thread, run) => ofThread.has(thread) || ofRun.has(run),
    onChange: (listener) => void listeners.push(listener),
    get count() {
      return count;
    },
  };
}

export interface DisconnectWatch {
  /** A run that is to be cancelled when nobody has watched it for the grace, which starts now unless somebody does. */
  add(run: number, thread: number): void;
  remove(run: number): void;
  close(): void;
}

/** Cancels runs that nobody watches, where that was asked for. A reader within the grace keeps the run. */
export function disconnectWatch(opts: {
  readonly clock: Clock;
  readonly readers: Readers;
  readonly graceMs: number;
  readonly cancel: (run: number) => void;
}): DisconnectWatch {
  const { clock, readers, graceMs, cancel } = opts;
  const threadOf = new Map<number, number>();
  const runsOf = new Map<number, Set<number>>();
  const graces = new Map<number, () => void>();

  const stopGrace = (run: number): void => {
    graces.get(run)?.();
    graces.delete(run);
  };
  const look = (run: number, thread: number): void => {
    if (readers.isWatched(thread, run)) return stopGrace(run);
    if (graces.has(run)) return;
    graces.set(
      run,
      clock.after(graceMs, () => {
        graces.delete(run);
        cancel(run);
      }),
    );
  };
  const remove = (run: number): void => {
    stopGrace(run);
    const thread = threadOf.get(run);
    if (thread === undefined) return;
    threadOf.delete(run);
    const runs = runsOf.get(thread);
    runs?.delete(run);
    if (runs?.size === 0) runsOf.delete(thread);
  };
  readers.onChange((thread) => {
    for (const run of runsOf.get(thread) ?? []) look(run, thread);
  });
  return {
    add(run, thread) {
      threadOf.set(run, thread);
      const runs = runsOf.get(thread) ?? new Set();
      runsOf.set(thread, runs.add(run));
      look(run, thread);
    },
    remove,
    close() {
      for (const run of [...threadOf.keys()]) remove(run);
    },
  };
}
