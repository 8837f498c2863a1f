/**
 * What is known of a server over time. Rates, shares and percentiles are of the sample's own interval; percentiles are null when nothing happened
 * in it. The rest is as it was at its end.
 */
export const METRIC_NAMES = [
  // Connections.
  'sockets',
  'streams',
  'subscriptions',
  'slowReaders',
  'bufferedBytes',
  // Runs. Those that wait to be started are queued; those that wait for an answer from outside are waiting.
  'queuedRuns',
  'runningRuns',
  'waitingRuns',
  'queueAgeMs',
  'completedPerSecond',
  'failedPerSecond',
  'cancelledPerSecond',
  // What is done. Tokens are the pieces in which models and agents give text and reasoning: of most models one token each.
  'sendsPerSecond',
  'callsPerSecond',
  'errorsPerSecond',
  'tokensPerSecond',
  'firstTokenP50Ms',
  'firstTokenP99Ms',
  'deliveryP50Ms',
  'deliveryP99Ms',
  // What it takes. `databaseBytes` is the file, `usedBytes` without its free pages; both 0, as `walBytes` is, for one in memory.
  'databaseBytes',
  'usedBytes',
  'walBytes',
  'rssBytes',
  'heapBytes',
  'loopLagP99Ms',
  // 1 is one core.
  'cpuShare',
] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

export interface MetricSample {
  /** The end of its interval, and how long that was. */
  readonly at: number;
  readonly ms: number;
  readonly values: { readonly [Name in MetricName]: number | null };
  /** Calls and runs that failed in it, by code; those that there were. */
  readonly errors: { readonly [code: string]: number };
}

/** Samples as columns of one length, oldest first, for a chart. */
export interface MetricSeries {
  /** About the time from one to the next. The server may have stood still, or the machine slept. */
  readonly everyMs: number;
  readonly at: readonly number[];
  readonly values: { readonly [Name in MetricName]: readonly (number | null)[] };
  readonly errors: { readonly [code: string]: readonly number[] };
}

export interface MetricsReport {
  /** When the server began: there is nothing from before. */
  readonly startedAt: number;
  readonly now: MetricSample;
  /** The last hour, every 5 seconds, or the last day, every 2 minutes; absent unless asked for. */
  readonly series?: MetricSeries;
}
