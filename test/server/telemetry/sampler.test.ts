import { afterEach, expect, test, vi } from 'vitest';
import { METRIC_NAMES, type MetricName, type MetricSample } from '../../../src/protocol/metrics.ts';
import { MetricRing } from '../../../src/server/telemetry/metricRing.ts';
import type { Look } from '../../../src/server/telemetry/metricWindow.ts';
import { Sampler } from '../../../src/server/telemetry/sampler.ts';

const sampled = (at: number, values: Partial<Record<MetricName, number>> = {}, errors = {}): MetricSample => ({
  at,
  ms: 1_000,
  // Made of the names themselves.
  values: Object.fromEntries(METRIC_NAMES.map((name) => [name, values[name] ?? null])) as unknown as MetricSample['values'],
  errors,
});

test('a ring keeps the newest, oldest first, and of errors the codes that there are', () => {
  const ring = new MetricRing({ everyMs: 1_000, capacity: 3 });
  expect(ring.series()).toMatchObject({ everyMs: 1_000, at: [], errors: {} });
  ring.push(sampled(1, { sockets: 1 }, { TIMEOUT: 9 }));
  for (let at = 2; at <= 5; at++) ring.push(sampled(at, { sockets: at, deliveryP50Ms: at / 10 }, at === 4 ? { NOT_FOUND: 2 } : {}));
  const { at, values, errors } = ring.series();
  expect(at).toEqual([3, 4, 5]);
  expect(values.sockets).toEqual([3, 4, 5]);
  expect(values.deliveryP50Ms).toEqual([0.3, 0.4, 0.5]);
  // What was not known is null, and not 0.
  expect(values.firstTokenP99Ms).toEqual([null, null, null]);
  expect(errors).toEqual({ NOT_FOUND: [0, 2, 0] });
  // Whoever has the older ones asks for the newer.
  expect(ring.series(4)).toMatchObject({ at: [5], values: { sockets: [5] }, errors: {} });
  expect(ring.series(5).at).toEqual([]);
});

const LOOK = {
  sockets: 3,
  streams: 1,
  subscriptions: 4,
  slowReaders: 0,
  bufferedBytes: 10,
  queuedRuns: 2,
  runningRuns: 1,
  waitingRuns: 5,
  queueAgeMs: 700,
  databaseBytes: 100,
  usedBytes: 90,
  walBytes: 20,
  rssBytes: 1_000,
  heapBytes: 500,
} satisfies Look;

afterEach(() => void vi.useRealTimers());

function startSampler() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  let [now, tokens] = [1_000_000, 0];
  let look = async (): Promise<Look> => LOOK;
  const failures: unknown[] = [];
  const sampler = new Sampler();
  sampler.start({ look: () => look(), tokens: () => tokens, now: () => now, report: (cause) => failures.push(cause) });
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };
  return {
    sampler,
    pass,
    failures,
    speak: (count: number) => {
      tokens += count;
    },
    lookBy: (other: typeof look) => {
      look = other;
    },
  };
}

const CALL = {
  path: 'x',
  transport: 'ws',
  ms: 1,
  requestId: 'r',
  connectionId: undefined,
  principalId: undefined,
  limit: undefined,
} as const;
const RUN = { runId: 'r', agent: 'a', code: undefined, totalMs: 1, workMs: 1, usage: { inputTokens: 0, outputTokens: 0 }, isRoot: true };

test('every 5 seconds a sample says what happened in them, by rates and percentiles, and what is there', async () => {
  const { sampler, pass, speak } = startSampler();
  const { listener } = sampler;
  for (let ms = 1; ms <= 100; ms++) listener.firstToken?.('a', ms);
  listener.delivered?.(0.25);
  for (let n = 0; n < 10; n++) listener.sent?.('started');
  listener.callEnded?.({ ...CALL, code: 'OK' });
  for (const code of ['NOT_FOUND', 'NOT_FOUND', 'TIMEOUT'] as const) listener.callEnded?.({ ...CALL, code });
  for (const status of ['completed', 'completed', 'cancelled'] as const) listener.runEnded?.({ ...RUN, status });
  listener.runEnded?.({ ...RUN, status: 'failed', code: 'MODEL_FAILED' });
  speak(250);
  await pass(5_000);
  await pass(5_000);
  const { startedAt, series } = await sampler.report({ range: 'hour' });
  expect(startedAt).toBe(1_000_000);
  expect(series?.everyMs).toBe(5_000);
  expect(series?.at).toEqual([1_005_000, 1_010_000]);
  const of = (name: MetricName) => series?.values[name];
  expect(of('sendsPerSecond')).toEqual([2, 0]);
  expect(of('tokensPerSecond')).toEqual([50, 0]);
  expect(of('callsPerSecond')).toEqual([0.8, 0]);
  expect(of('errorsPerSecond')).toEqual([0.8, 0]);
  expect([of('completedPerSecond'), of('failedPerSecond'), of('cancelledPerSecond')]).toEqual([
    [0.4, 0],
    [0.2, 0],
    [0.2, 0],
  ]);
  expect(of('waitingRuns')).toEqual([5, 5]);
  expect(series?.errors).toEqual({ NOT_FOUND: [2, 0], TIMEOUT: [1, 0], MODEL_FAILED: [1, 0] });
  // To the hundredth part.
  const [p50, after] = of('firstTokenP50Ms') ?? [];
  expect(p50).toBeGreaterThan(49);
  expect(p50).toBeLessThan(52);
  expect(of('firstTokenP99Ms')?.[0]).toBeGreaterThan(97);
  expect(of('deliveryP99Ms')?.[0]).toBeCloseTo(0.25, 2);
  expect(after).toBeNull();
  sampler.close();
});

test('the day has a sample for each two minutes, of all that was in them', async () => {
  const { sampler, pass, speak } = startSampler();
  for (let n = 0; n < 24; n++) {
    speak(5);
    sampler.listener.firstToken?.('a', n === 0 ? 100 : 10);
    await pass(5_000);
  }
  const { series } = await sampler.report({ range: 'day' });
  expect(series?.everyMs).toBe(120_000);
  expect(series?.values.tokensPerSecond).toEqual([1]);
  expect(series?.values.firstTokenP50Ms[0]).toBeCloseTo(10, 0);
  expect(series?.values.firstTokenP99Ms[0]).toBeGreaterThan(98);
  expect((await sampler.report({ range: 'hour' })).series?.at).toHaveLength(24);
  sampler.close();
});

test('an hour is 720 samples, and no more are kept', async () => {
  const { sampler, pass } = startSampler();
  await pass(730 * 5_000);
  expect((await sampler.report({ range: 'hour' })).series?.at).toHaveLength(720);
  sampler.close();
});

test('who looks on gets a sample at once and every second, and nobody else makes one', async () => {
  const { sampler, pass, speak } = startSampler();
  expect(vi.getTimerCount()).toBe(2);
  const seen: MetricSample[] = [];
  const stop = sampler.watch((sample) => seen.push(sample));
  const stopOther = sampler.watch(() => {});
  expect(vi.getTimerCount()).toBe(3);
  await pass(0);
  expect(seen).toHaveLength(1);
  speak(7);
  await pass(1_000);
  await pass(1_000);
  expect(seen.slice(1).map(({ ms, values }) => [ms, values.tokensPerSecond])).toEqual([
    [1_000, 7],
    [1_000, 0],
  ]);
  stop();
  await pass(1_000);
  expect(seen).toHaveLength(3);
  stopOther();
  expect(vi.getTimerCount()).toBe(2);
  sampler.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a look that takes long gathers no others, and one that fails is told and leaves a gap', async () => {
  const { sampler, pass, failures, lookBy } = startSampler();
  let looks = 0;
  let answer: (look: Look) => void = () => {};
  lookBy(() => {
    looks++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  await pass(20_000);
  expect(looks).toBe(1);
  answer(LOOK);
  lookBy(() => Promise.reject(new Error('no disk')));
  await pass(5_000);
  lookBy(async () => LOOK);
  await pass(5_000);
  expect(failures).toEqual([new Error('no disk')]);
  expect((await sampler.report({ range: 'hour' })).series?.at).toHaveLength(2);
  sampler.close();
});
