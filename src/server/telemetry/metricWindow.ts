import { createHistogram, type IntervalHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';
import type { MetricName, MetricSample } from '../../protocol/metrics.ts';
import { ERROR_CODE_NAMES, type Tallies } from './tallies.ts';

const LOOP_RESOLUTION_MS = 20;
/** What a histogram counts in, and the most that it tells apart: ten minutes. */
const US_PER_MS = 1_000;
const MAX_US = 600_000 * US_PER_MS;

/** What is looked at when a window ends. */
export type Look = { readonly [Name in MetricName as Name extends Counted ? never : Name]: number };

type Counted =
  | `${string}PerSecond`
  | 'firstTokenP50Ms'
  | 'firstTokenP99Ms'
  | 'deliveryP50Ms'
  | 'deliveryP99Ms'
  | 'loopLagP99Ms'
  | 'cpuShare';

interface Sums {
  readonly ms: number;
  readonly cpuUs: number;
  readonly tokens: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly sends: number;
  readonly calls: number;
  readonly failures: number;
  readonly errors: Float64Array;
}

/** What happens from one sample to the next. Times go into histograms of Node's, which take 40 ns and no memory for each. `close` it. */
export class MetricWindow {
  readonly #tallies: Tallies;
  readonly #tokens: () => number;
  readonly #firstToken = timeHistogram();
  readonly #delivery = timeHistogram();
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  #from: Sums;

  /** `tokens` counts them since the server began. */
  constructor(tallies: Tallies, tokens: () => number) {
    this.#tallies = tallies;
    this.#tokens = tokens;
    this.#from = this.#sums();
    this.#loop.enable();
  }

  firstToken(ms: number): void {
    record(this.#firstToken, ms);
  }

  delivered(ms: number): void {
    record(this.#delivery, ms);
  }

  /** What it was until now, and begins anew. */
  take(at: number, look: Look): MetricSample {
    const sample = this.read(at, look);
    this.#from = this.#sums();
    this.#firstToken.reset();
    this.#delivery.reset();
    this.#loop.reset();
    return sample;
  }

  /** What it is so far. */
  read(at: number, look: Look): MetricSample {
    const [from, now] = [this.#from, this.#sums()];
    const ms = Math.max(1, now.ms - from.ms);
    const rate = (name: Exclude<keyof Sums, 'errors'>): number => rounded(((now[name] - from[name]) * 1_000) / ms, 1_000);
    const errors = ERROR_CODE_NAMES.map((code, column) => [code, (now.errors[column] ?? 0) - (from.errors[column] ?? 0)] as const);
    return {
      at,
      ms: Math.round(ms),
      values: {
        ...look,
        completedPerSecond: rate('completed'),
        failedPerSecond: rate('failed'),
        cancelledPerSecond: rate('cancelled'),
        sendsPerSecond: rate('sends'),
        callsPerSecond: rate('calls'),
        errorsPerSecond: rate('failures'),
        tokensPerSecond: rate('tokens'),
        firstTokenP50Ms: percentile(this.#firstToken, 50),
        firstTokenP99Ms: percentile(this.#firstToken, 99),
        deliveryP50Ms: percentile(this.#delivery, 50),
        deliveryP99Ms: percentile(this.#delivery, 99),
        loopLagP99Ms: this.#loop.count === 0 ? null : rounded(Math.max(0, this.#loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS), 100),
        cpuShare: rounded((now.cpuUs - from.cpuUs) / US_PER_MS / ms, 1_000),
      },
      errors: Object.fromEntries(errors.filter(([, count]) => count > 0)),
    };
  }

  close(): void {
    this.#loop.disable();
  }

  #sums(): Sums {
    const { runs, sends, calls, failures, errors } = this.#tallies;
    const { user, system } = process.cpuUsage();
    return { ms: performance.now(), cpuUs: user + system, tokens: this.#tokens(), ...runs, sends, calls, failures, errors: errors.slice() };
  }
}

function timeHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: MAX_US, figures: 2 });
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.min(MAX_US, Math.max(1, Math.round(ms * US_PER_MS))));
}

function percentile(histogram: RecordableHistogram, share: number): number | null {
  return histogram.count === 0 ? null : rounded(histogram.percentile(share) / US_PER_MS, 1_000);
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
