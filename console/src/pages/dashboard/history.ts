import type { MetricName, MetricSeries, MetricsReport } from 'verbatim-agents/client';

export type Range = 'hour' | 'day';

const COUNTED = ['completedPerSecond', 'failedPerSecond', 'cancelledPerSecond'] as const;
const COUNTED_MS: Readonly<Record<Range, number>> = { hour: 60_000, day: 1_200_000 };
const LENGTH_MS: Readonly<Record<Range, number>> = { hour: 3_600_000, day: 86_400_000 };
/** Times are not exact: what is a little late is no gap. */
const GAP_SHARE = 1.9;

/** How the server did in the interval that ended `at`. */
export interface Point {
  readonly at: number;
  readonly ms: number;
  readonly values: { readonly [Name in MetricName]?: number | null };
  readonly errors: { readonly [code: string]: number };
}

export interface History {
  readonly range: Range;
  readonly everyMs: number;
  /** Oldest first. */
  readonly points: readonly Point[];
  readonly from: number;
  readonly until: number;
  /** When the server began; and when it began again, while this page was looking. */
  readonly startedAt: number;
  readonly restarts: readonly number[];
}

/** What is known, with what has come: what is older than the range falls out. A server that has begun anew has nothing from before, but the page has. */
export function extendHistory(before: History | undefined, range: Range, { startedAt, now, series }: MetricsReport): History {
  const { everyMs = 0 } = series ?? {};
  const newest = before?.points.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const come = (series === undefined ? [] : pointsOf(series, newest)).filter(({ at }) => at > newest);
  const until = come.at(-1)?.at ?? before?.until ?? now.at;
  const from = until - LENGTH_MS[range];
  const restarts = before === undefined || before.startedAt === startedAt ? (before?.restarts ?? []) : [...before.restarts, startedAt];
  return {
    range,
    everyMs,
    points: [...(before?.points ?? []), ...come].filter(({ at }) => at > from),
    from,
    until,
    startedAt,
    restarts: restarts.filter((at) => at > from),
  };
}

function pointsOf({ everyMs, at: times, values, errors }: MetricSeries, newest: number): readonly Point[] {
  const names = Object.keys(values) as MetricName[]; // The edge: its names, and perhaps those of a newer server.
  return times.map((at, row) => {
    const sinceLast = at - (times[row - 1] ?? newest);
    return {
      at,
      ms: sinceLast > 0 && sinceLast < GAP_SHARE * everyMs ? sinceLast : everyMs,
      values: Object.fromEntries(names.map((name) => [name, values[name][row] ?? null])),
      errors: Object.fromEntries(
        Object.entries(errors)
          .map(([code, counts]) => [code, counts[row] ?? 0] as const)
          .filter(([, count]) => count > 0),
      ),
    };
  });
}

/** Points by the minute, or by 20 minutes: the newest is of what has been of it. */
export function inIntervals(history: History): History {
  const everyMs = COUNTED_MS[history.range];
  const intervals = new Map<number, readonly Point[]>();
  for (const point of history.points) {
    const interval = Math.floor(point.at / everyMs);
    intervals.set(interval, [...(intervals.get(interval) ?? []), point]);
  }
  return { ...history, everyMs, points: [...intervals.values()].map(joined) };
}

function joined(points: readonly Point[]): Point {
  const ms = points.reduce((sum, point) => sum + point.ms, 0);
  const mean = (name: MetricName): number => points.reduce((sum, point) => sum + (point.values[name] ?? 0) * point.ms, 0) / ms;
  const codes = new Set(points.flatMap(({ errors }) => Object.keys(errors)));
  const count = (code: string): number => points.reduce((sum, { errors }) => sum + (errors[code] ?? 0), 0);
  return {
    at: points.at(-1)?.at ?? 0,
    ms,
    values: Object.fromEntries(COUNTED.map((name) => [name, mean(name)])),
    errors: Object.fromEntries([...codes].map((code) => [code, count(code)])),
  };
}

/** Where the server was not there, or stood still, is a point of nothing: undefined. */
export function withGaps({ points, everyMs }: History): readonly { readonly at: number; readonly point: Point | undefined }[] {
  return points.flatMap((point, row) => {
    const last = points[row - 1]?.at ?? point.at;
    const here = { at: point.at, point };
    return point.at - last > GAP_SHARE * everyMs ? [{ at: last + everyMs, point: undefined }, here] : [here];
  });
}

/** How often something happened in the interval of a point. */
export function countIn({ values, ms }: Point, name: (typeof COUNTED)[number]): number | null {
  const rate = values[name];
  return rate == null ? null : Math.round((rate * ms) / 1_000);
}

export function nearestPoint(points: readonly Point[], at: number): number {
  const after = points.findIndex((point) => point.at >= at);
  if (after < 0) return points.length - 1;
  const [left, right] = [points[after - 1]?.at, points[after]?.at ?? at];
  return left !== undefined && at - left < right - at ? after - 1 : after;
}
