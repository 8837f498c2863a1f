import { expect, test } from 'vitest';
import { countIn, extendHistory, type History, inIntervals, nearestPoint, withGaps } from '../../console/src/pages/dashboard/history.ts';
import { METRIC_NAMES, type MetricName, type MetricSample, type MetricsReport } from '../../src/protocol/metrics.ts';
import { MetricRing } from '../../src/server/telemetry/metricRing.ts';

const EVERY_MS = 5_000;
const HOUR_MS = 3_600_000;

const sampled = (at: number, values: Partial<Record<MetricName, number>> = {}, errors = {}): MetricSample => ({
  at,
  ms: EVERY_MS,
  // Made of the names themselves.
  values: Object.fromEntries(METRIC_NAMES.map((name) => [name, values[name] ?? null])) as unknown as MetricSample['values'],
  errors,
});

/** What a server says that has these samples. */
function report(samples: readonly MetricSample[], { startedAt = 0, after }: { startedAt?: number; after?: number } = {}): MetricsReport {
  const ring = new MetricRing({ everyMs: EVERY_MS, capacity: 720 });
  for (const sample of samples) ring.push(sample);
  return { startedAt, now: sampled(samples.at(-1)?.at ?? startedAt), series: ring.series(after) };
}

const times = ({ points }: History): readonly number[] => points.map(({ at }) => at);

test('what is newer is added, nothing is there twice, and what is older than the range falls out', () => {
  const first = extendHistory(undefined, 'hour', report([sampled(5_000), sampled(10_000, { sockets: 2 })]));
  expect(times(first)).toEqual([5_000, 10_000]);
  const again = extendHistory(first, 'hour', report([sampled(10_000), sampled(15_000)]));
  expect(times(again)).toEqual([5_000, 10_000, 15_000]);
  expect(again.points[1]?.values.sockets).toBe(2);
  const later = extendHistory(again, 'hour', report([sampled(HOUR_MS + 10_000)], { after: 15_000 }));
  expect(times(later)).toEqual([15_000, HOUR_MS + 10_000]);
  expect([later.from, later.until]).toEqual([10_000, HOUR_MS + 10_000]);
});

test('nothing yet is a range without points, and nothing new changes nothing', () => {
  const none = extendHistory(undefined, 'hour', report([], { startedAt: 7_000 }));
  expect([times(none), none.until, none.startedAt]).toEqual([[], 7_000, 7_000]);
  const some = extendHistory(none, 'hour', report([sampled(12_000)], { startedAt: 7_000 }));
  expect(times(extendHistory(some, 'hour', report([], { startedAt: 7_000 })))).toEqual([12_000]);
});

test('a server that began anew is told, and what the page has of before is kept', () => {
  const before = extendHistory(undefined, 'hour', report([sampled(5_000)]));
  const after = extendHistory(before, 'hour', report([sampled(60_000)], { startedAt: 55_000 }));
  expect([times(after), after.startedAt, after.restarts]).toEqual([[5_000, 60_000], 55_000, [55_000]]);
  expect(extendHistory(after, 'hour', report([sampled(65_000)], { startedAt: 55_000 })).restarts).toEqual([55_000]);
});

test('where the server was not there is a gap; a sample that is a little late is none', () => {
  const history = extendHistory(undefined, 'hour', report([sampled(5_000), sampled(12_000), sampled(40_000)]));
  expect(withGaps(history).map(({ at, point }) => [at, point?.at])).toEqual([
    [5_000, 5_000],
    [12_000, 12_000],
    [17_000, undefined],
    [40_000, 40_000],
  ]);
});

test('counts are of the interval: those of a minute are the sum of its points', () => {
  const samples = Array.from({ length: 24 }, (_, n) =>
    sampled(60_000 + n * EVERY_MS, { completedPerSecond: 0.4, failedPerSecond: n === 0 ? 0.2 : 0 }, n === 13 ? { NOT_FOUND: 2 } : {}),
  );
  const history = extendHistory(undefined, 'hour', report(samples));
  expect(countIn(history.points[0] ?? { at: 0, ms: 0, values: {}, errors: {} }, 'completedPerSecond')).toBe(2);
  const minutes = inIntervals(history);
  const counted = minutes.points.map((point) => [countIn(point, 'completedPerSecond'), countIn(point, 'failedPerSecond'), point.errors]);
  expect(counted).toEqual([
    [24, 1, {}],
    [24, 0, { NOT_FOUND: 2 }],
  ]);
  expect(withGaps(minutes)).toHaveLength(2);
});

test('the point that is nearest to a moment', () => {
  const { points } = extendHistory(undefined, 'hour', report([sampled(5_000), sampled(10_000), sampled(40_000)]));
  expect([0, 7_000, 8_000, 24_000, 26_000, 99_000].map((at) => nearestPoint(points, at))).toEqual([0, 0, 1, 1, 2, 2]);
});
