import type { Listener } from './observers.ts';

/** What is known of a run while somebody works on it. */
export interface RunIds {
  readonly threadId: string;
  readonly principalId: string;
  readonly agent: string;
  readonly attempt: number;
  readonly step?: number;
}

/** The runs that are worked on, for lines that know only a run's id. */
export class RunsAtWork {
  readonly #runs = new Map<string, RunIds>();

  readonly listener: Listener = {
    attemptBegan: ({ runId, ...ids }) => void this.#runs.set(runId, ids),
    stepBegan: (runId, step) => {
      const ids = this.#runs.get(runId);
      if (ids !== undefined) this.#runs.set(runId, { ...ids, step });
    },
    attemptEnded: (runId) => void this.#runs.delete(runId),
  };

  idsOf(runId: string): RunIds | undefined {
    return this.#runs.get(runId);
  }
}
