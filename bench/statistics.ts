export interface Quantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export function quantiles(micros: readonly number[]): Quantiles {
  const sorted = Float64Array.from(micros).sort();
  const at = (share: number): number => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) / 1_000;
  return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export interface Ratio {
  /** Of the medians. */
  readonly ratio: number;
  /** Of a single round: what was measured one after the other. */
  readonly lowest: number;
  readonly highest: number;
}

/** What `figures` are to those of the reference; both are by round. */
export function ratioOf(figures: readonly number[], reference: readonly number[]): Ratio {
  const byRound = figures.map((figure, round) => figure / (reference[round] ?? Number.NaN));
  return { ratio: median(figures) / median(reference), lowest: Math.min(...byRound), highest: Math.max(...byRound) };
}
