/** A run that waits for room, or holds it. */
export interface QueuedRun {
  readonly run: number;
  readonly principalId: string;
  /** How many of that principal may be at work. Default: as many as of any. */
  readonly maxRuns?: number;
}

export interface RunQueueLimits {
  readonly maxRuns: number;
  readonly maxRunsPerPrincipal: number;
}

/**
 * Hands out room to work: so many runs at once, in all and for one principal. First come, first served; a principal who has all of its room
 * does not hold up others.
 */
export interface RunQueue {
  /** Takes room at once, if nobody of the same principal waits for it; else says how many wait, and keeps a place until `arrived`. */
  take(principalId: string, maxRuns?: number): true | { readonly waiting: number };
  /** Whoever `take` gave a place has been pushed, or will not be. */
  arrived(principalId: string): void;
  /** Waits for room. `onReady` is called with the run once it has it. A run that waits already is not added again. */
  push(run: QueuedRun): void;
  /** Forgets a run that waits; true if it did. */
  remove(run: number): boolean;
  /** Gives room back. */
  release(principalId: string): void;
  /** Gives no more room; what waits stays. */
  pause(): void;
  readonly waiting: number;
}

export function localRunQueue(limits: RunQueueLimits, onReady: (run: QueuedRun) => void): RunQueue {
  const waiting: QueuedRun[] = [];
  const held = new Map<string, number>();
  /** Principals with a run on its way here: it was told its place, and nobody may overtake it. */
  const arriving: string[] = [];
  let total = 0;
  let paused = false;

  const hasRoom = (principalId: string, maxRuns = limits.maxRunsPerPrincipal): boolean =>
    !paused && total < limits.maxRuns && (held.get(principalId) ?? 0) < maxRuns;
  const hold = (principalId: string): void => {
    total++;
    held.set(principalId, (held.get(principalId) ?? 0) + 1);
  };
  const pump = (): void => {
    for (let index = 0; index < waiting.length && total < limits.maxRuns; ) {
      const next = waiting[index];
      if (next === undefined || !hasRoom(next.principalId, next.maxRuns)) {
        index++;
        continue;
      }
      waiting.splice(index, 1);
      hold(next.principalId);
      onReady(next);
    }
  };
  return {
    take(principalId, maxRuns) {
      if (!hasRoom(principalId, maxRuns) || arriving.includes(principalId) || waiting.some((run) => run.principalId === principalId)) {
        arriving.push(principalId);
        return { waiting: waiting.length + arriving.length - 1 };
      }
      hold(principalId);
      return true;
    },
    arrived(principalId) {
      const index = arriving.indexOf(principalId);
      if (index !== -1) arriving.splice(index, 1);
    },
    push(run) {
      if (waiting.some((other) => other.run === run.run)) return;
      waiting.push(run);
      pump();
    },
    remove(run) {
      const index = waiting.findIndex((other) => other.run === run);
      if (index !== -1) waiting.splice(index, 1);
      return index !== -1;
    },
    release(principalId) {
      total--;
      const left = (held.get(principalId) ?? 1) - 1;
      if (left === 0) held.delete(principalId);
      else held.set(principalId, left);
      pump();
    },
    pause() {
      paused = true;
    },
    get waiting() {
      return waiting.length;
    },
  };
}
