import type { MetricSample, MetricSeries } from '../../protocol/metrics.ts';
import { METRIC_NAMES } from '../../protocol/metrics.ts';
import { ERROR_CODE_NAMES } from './tallies.ts';

/**
 * The newest samples, as many as it was made for, in memory that it takes at once: with 720 samples and today's names 160 KiB of values and
 * 160 KiB of errors. What is older is written over.
 */
export class MetricRing {
  readonly #everyMs: number;
  readonly #capacity: number;
  readonly #at: Float64Array;
  /** A row of `METRIC_NAMES` for each sample; NaN for null. */
  readonly #values: Float64Array;
  /** A row of `ERROR_CODE_NAMES` for each sample. */
  readonly #errors: Uint32Array;
  #size = 0;
  /** Where the next one goes. */
  #next = 0;

  constructor({ everyMs, capacity }: { readonly everyMs: number; readonly capacity: number }) {
    this.#everyMs = everyMs;
    this.#capacity = capacity;
    this.#at = new Float64Array(capacity);
    this.#values = new Float64Array(capacity * METRIC_NAMES.length);
    this.#errors = new Uint32Array(capacity * ERROR_CODE_NAMES.length);
  }

  push({ at, values, errors }: MetricSample): void {
    const row = this.#next;
    this.#at[row] = at;
    METRIC_NAMES.forEach((name, column) => {
      this.#values[row * METRIC_NAMES.length + column] = values[name] ?? Number.NaN;
    });
    ERROR_CODE_NAMES.forEach((code, column) => {
      this.#errors[row * ERROR_CODE_NAMES.length + column] = errors[code] ?? 0;
    });
    this.#next = (row + 1) % this.#capacity;
    this.#size = Math.min(this.#size + 1, this.#capacity);
  }

  /** What is newer than `after`, oldest first; of errors, the codes that there were. */
  series(after = Number.NEGATIVE_INFINITY): MetricSeries {
    const oldest = (this.#next - this.#size + this.#capacity) % this.#capacity;
    const all = Array.from({ length: this.#size }, (_, index) => (oldest + index) % this.#capacity);
    const rows = all.filter((row) => (this.#at[row] ?? 0) > after);
    const column = (of: Float64Array | Uint32Array, width: number, at: number): number[] => rows.map((row) => of[row * width + at] ?? 0);
    const values = METRIC_NAMES.map((name, at) => {
      const numbers = column(this.#values, METRIC_NAMES.length, at);
      return [name, numbers.map((value) => (Number.isNaN(value) ? null : value))] as const;
    });
    const errors = ERROR_CODE_NAMES.map((code, at) => [code, column(this.#errors, ERROR_CODE_NAMES.length, at)] as const);
    return {
      everyMs: this.#everyMs,
      at: rows.map((row) => this.#at[row] ?? 0),
      // Made of the names themselves.
      values: Object.fromEntries(values) as unknown as MetricSeries['values'],
      errors: Object.fromEntries(errors.filter(([, counts]) => counts.some((count) => count > 0))),
    };
  }
}
