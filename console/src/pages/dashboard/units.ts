import { formatBytes, formatCount, formatDuration } from '../../ui/formats.ts';

export type Unit = 'count' | 'rate' | 'ms' | 'bytes' | 'share';

const WHOLE = new Intl.NumberFormat('en');

/** As it is read beside a name. */
export function formatValue(unit: Unit, value: number): string {
  switch (unit) {
    case 'count':
      return value < 100_000 ? WHOLE.format(value) : formatCount(value);
    case 'rate':
      return value > 0 && value < 10 ? String(Number(value.toFixed(1))) : formatCount(Math.round(value));
    case 'ms':
      return value > 0 && value < 10 ? `${Number(value.toPrecision(2))} ms` : formatDuration(value);
    case 'bytes':
      return formatBytes(value);
    case 'share':
      return `${value < 0.1 ? Number((value * 100).toFixed(1)) : Math.round(value * 100)} %`;
  }
}

/** As it stands at an axis, where the room is small. */
export function formatTick(unit: Unit, value: number): string {
  if (unit === 'count') return formatCount(value);
  if (unit !== 'ms') return formatValue(unit, value);
  if (value >= 60_000) return `${Number((value / 60_000).toFixed(1))} min`;
  return value >= 1_000 ? `${Number((value / 1_000).toFixed(1))} s` : `${Number(value.toPrecision(2))} ms`;
}

/** What an axis goes to at least, so that next to nothing does not look like much. */
export const LEAST_TOP: Readonly<Record<Unit, number>> = { count: 4, rate: 4, ms: 1, bytes: 1_000_000, share: 0.1 };

/** Steps of an axis that give round ticks. */
export function stepsOf(unit: Unit): number[] {
  const decades = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** (from + power))).flat();
  switch (unit) {
    case 'count':
    case 'rate':
      return decades(0, 12);
    case 'bytes':
      return decades(3, 15);
    case 'share':
      return decades(-2, 3);
    case 'ms':
      return [...decades(-2, 3), ...[10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 18_000, 36_000, 86_400].map((s) => s * 1_000)];
  }
}

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const MINUTES = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const LATELY_MS = 12 * 3_600_000;
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: 'numeric', minute: '2-digit' });

export function formatClock(at: number): string {
  return CLOCK.format(at);
}

export function formatMinutes(at: number): string {
  return MINUTES.format(at);
}

/** With the day, where it could be another. */
export function formatMoment(at: number): string {
  return Date.now() - at > LATELY_MS ? DAY.format(at) : CLOCK.format(at);
}
