import type { StreamFigures } from './measureStreams.ts';
import type { WindowFigures } from './measureWindow.ts';
import { median } from './statistics.ts';
import type { Column } from './table.ts';

/** With fewer of the tokens that were asked for, the server was at its limit. */
export const KEPT_UP = 0.97;
/** Of one core: with more, a process had no time left. */
const LOAD_LIMIT = 0.9;
const SERVER_LIMIT = 0.95;

export const cpuColumn: Column<StreamFigures> = {
  head: 'server CPU a token, us',
  digits: 1,
  ratio: true,
  of: (one) => one.cpuMicrosPerToken,
};
export const rateColumn: Column<WindowFigures> = { head: 'tokens/s', digits: 0, of: (one) => one.tokensPerSecond };
export const deliveryColumns: readonly Column<WindowFigures>[] = [
  { head: 'delivery p50, ms', digits: 2, of: (one) => one.delivery.p50Ms },
  { head: 'p95', digits: 2, of: (one) => one.delivery.p95Ms },
  { head: 'p99', digits: 2, of: (one) => one.delivery.p99Ms },
];
export const firstTokenColumn: Column<StreamFigures> = {
  head: 'first token p99, ms',
  digits: 2,
  of: (one) => one.firstToken?.p99Ms ?? Number.NaN,
};
export const shareColumns: readonly Column<WindowFigures>[] = [
  { head: 'tokens a frame', digits: 1, of: (one) => one.tokensPerFrame },
  { head: 'server core', digits: 2, of: (one) => one.serverShare },
  { head: 'load core', digits: 2, of: (one) => one.loadShare },
];

/** What a reader of the row must know before believing it. */
export function streamRemark(figures: readonly (WindowFigures & { readonly arrivedShare: number })[]): string {
  const arrived = median(figures.map((one) => one.arrivedShare));
  const remarks: string[] = [];
  if (arrived < KEPT_UP) {
    const isFull = median(figures.map((one) => one.serverShare)) > SERVER_LIMIT;
    const why = isFull ? 'saturated' : 'the machine was busy with something else';
    remarks.push(`${why}: ${(arrived * 100).toFixed(0)} % arrived, the latency says nothing`);
  }
  if (median(figures.map((one) => one.loadShare)) > LOAD_LIMIT) remarks.push('the load generator was the limit');
  return remarks.join('; ');
}
