import type { Clock } from '../protocol/clock.ts';

/** A place that a call has taken. Give it back once; again changes nothing. */
export interface Place {
  giveBack(): void;
  /** Its call was told to stop: it is given back when the call ends, or after `ms` all the same. */
  giveBackWithin(ms: number): void;
}

interface Waiting {
  take(): void;
}

/**
 * So many at once, the others in the order in which they came. Holds no more than calls that wait, which their runs bound: `maxRuns` times
 * `maxToolCallsPerStep`.
 */
export class Places {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  readonly #timers = new Set<() => void>();
  #taken = 0;
  #max: number;

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** What is given back from now on counts by this number. */
  set max(max: number) {
    this.#max = max;
    this.#letIn();
  }

  /** Resolves with a place, or with undefined when the signal aborts first. */
  take(signal: AbortSignal): Promise<Place | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(undefined);
        return;
      }
      const onAbort = (): void => {
        this.#waiting.delete(waiting);
        resolve(undefined);
      };
      const waiting: Waiting = {
        take: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(this.#place());
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#letIn();
    });
  }

  /** Forgets the times that run. */
  close(): void {
    for (const stop of this.#timers) stop();
    this.#timers.clear();
  }

  #letIn(): void {
    for (const waiting of this.#waiting) {
      if (this.#taken >= this.#max) return;
      this.#taken++;
      this.#waiting.delete(waiting);
      waiting.take();
    }
  }

  #place(): Place {
    let given = false;
    let stopTimer: (() => void) | undefined;
    const giveBack = (): void => {
      if (given) return;
      given = true;
      if (stopTimer !== undefined) {
        stopTimer();
        this.#timers.delete(stopTimer);
      }
      this.#taken--;
      this.#letIn();
    };
    return {
      giveBack,
      giveBackWithin: (ms) => {
        if (given || stopTimer !== undefined) return;
        stopTimer = this.#clock.after(ms, giveBack);
        this.#timers.add(stopTimer);
      },
    };
  }
}

/** The places of tools, by name. Tools of one name share theirs, so that those made anew for each run do. */
export class ToolPlaces {
  readonly #clock: Clock;
  readonly #byName = new Map<string, Places>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with a place, or with undefined when the signal aborts first. `max` is from then on that of all tools of this name. */
  take(name: string, max: number, signal: AbortSignal): Promise<Place | undefined> {
    let places = this.#byName.get(name);
    if (places === undefined) {
      places = new Places(this.#clock, max);
      this.#byName.set(name, places);
    }
    places.max = max;
    return places.take(signal);
  }

  close(): void {
    for (const places of this.#byName.values()) places.close();
  }
}
