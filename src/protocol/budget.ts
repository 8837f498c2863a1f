/** What a run may use, with the runs under it. Past any of them it ends with `BUDGET_EXCEEDED`, and its text is kept. */
export interface Budget {
  /** Input and output together. */
  readonly maxTokens?: number;
  /** In the unit of the server's `prices`. */
  readonly maxCost?: number;
  /** Model calls. */
  readonly maxSteps?: number;
  /** From its start, with the time in which it waits for people. */
  readonly maxDurationMs?: number;
}
