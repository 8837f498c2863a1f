/** When a tool that failed is tried again, within the same call. */
export interface ToolRetry {
  /** The first one counts. */
  readonly maxAttempts: number;
  /** Before the second attempt; doubled before each one after. Default 250. */
  readonly initialDelayMs?: number;
  /** Default 10,000. */
  readonly maxDelayMs?: number;
  /** Whether this failure is worth another try. Default: every one but an abort. */
  readonly when?: (error: unknown) => boolean;
}

/** How long, and for whom, a result holds for the same input. */
export interface ToolCache<Input = never> {
  readonly ttlMs: number;
  /** What makes two calls the same. Default: the whole input. */
  readonly key?: (input: Input) => string;
  /** Who may be given a result that another call got. Default `principal`. */
  readonly scope?: 'run' | 'thread' | 'principal' | 'everyone';
}
