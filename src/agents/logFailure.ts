/** Where an agent's failures go: the cause with everything in it. */
export type LogFailure = (failure: {
  readonly runId: string;
  readonly cause: unknown;
  /** Of what the run goes on without. Absent: the run has failed by it. */
  readonly what?: string;
  /** By which it failed. */
  readonly tool?: string;
  /** What its words may quote, and must not be logged. Asked only then. */
  readonly content?: (() => readonly string[]) | undefined;
}) => void;
