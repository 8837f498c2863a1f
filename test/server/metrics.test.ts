import { expect, test, vi } from 'vitest';
import { defineAgent } from '../../src/index.ts';
import { METRIC_NAMES, type MetricSample, type MetricsReport } from '../../src/protocol/metrics.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { openRaw } from '../support/rawSocket.ts';
import { openSse } from '../support/rawSse.ts';
import { databaseFile, refusalOf, startAccounts } from './auth/startAccounts.ts';

checkLeaksAfterwards();

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('the server tells how it does without /metrics: connections, runs, tokens, errors, the file and the process', async () => {
  const { port, root } = await startAccounts({ metrics: false, database: databaseFile() });
  const plain = await openRaw({ port, params: { token: 'plain' } });
  const { threadId }: { threadId: string } = await plain.call('mutation', 'messages.send', { agent: 'pour', text: 'hold' });
  await plain.call('mutation', 'messages.send', { agent: 'pour', text: 'hold', threadId });
  await plain.until(plain.watch('threads.watch', { threadId }), 'text.delta');
  const sse = await openSse({ port, headers: bearer('plain') }, 'threads.watch', { threadId });
  await vi.waitFor(() => expect(sse.events.length).toBeGreaterThan(0));
  await plain.error('query', 'threads.get', { threadId: 'nope' });
  const { now, series, startedAt }: MetricsReport = await root.call('query', 'admin.metrics');
  expect(series).toBeUndefined();
  expect(startedAt).toBeLessThanOrEqual(now.at);
  expect(Object.keys(now.values).sort()).toEqual([...METRIC_NAMES].sort());
  expect(now.values).toMatchObject({
    sockets: 2,
    streams: 1,
    subscriptions: 2,
    runningRuns: 1,
    queuedRuns: 1,
    waitingRuns: 0,
    slowReaders: 0,
  });
  expect(now.errors).toEqual({ NOT_FOUND: 1 });
  for (const name of ['sendsPerSecond', 'callsPerSecond', 'tokensPerSecond', 'queueAgeMs', 'firstTokenP50Ms', 'deliveryP50Ms'] as const) {
    expect([name, now.values[name] ?? 0]).toEqual([name, expect.any(Number)]);
    expect(now.values[name]).toBeGreaterThan(0);
  }
  for (const name of ['databaseBytes', 'usedBytes', 'walBytes', 'rssBytes', 'heapBytes', 'cpuShare'] as const)
    expect(now.values[name]).toBeGreaterThan(0);
  for (const range of ['hour', 'day']) {
    const { series: kept }: MetricsReport = await root.call('query', 'admin.metrics', { range });
    expect(kept).toMatchObject({ everyMs: range === 'hour' ? 5_000 : 120_000 });
  }
});

test('an administrator looks on, over a socket and over a stream, at once and every second', async () => {
  const { port, root } = await startAccounts();
  const watch = root.watch('admin.watchMetrics', {});
  const sse = await openSse({ port, headers: bearer('root') }, 'admin.watchMetrics', {});
  await vi.waitFor(
    () => {
      expect(root.events(watch).length).toBeGreaterThan(2);
      expect(sse.events.length).toBeGreaterThan(2);
    },
    { timeout: 10_000 },
  );
  const [first, second] = sse.events as unknown as readonly MetricSample[];
  expect(first?.values).toMatchObject({ sockets: 1, streams: 1 });
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(0);
});

test.each(['ws', 'sse'] as const)('the SDK looks on by %s, typed, and goes on after a restart', async (transport) => {
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model: scriptedModel([]) }) } });
  const client = server.as({ id: 'root', roles: ['admin'] }).client({ transport });
  const samples: MetricSample[] = [];
  const watch = client.trpc.admin.watchMetrics.subscribe(undefined, { onData: ({ data }) => samples.push(data) });
  await vi.waitFor(() => expect(samples.length).toBeGreaterThan(0));
  await server.restart();
  const before = samples.length;
  await vi.waitFor(() => expect(samples.length).toBeGreaterThan(before + 1), { timeout: 10_000 });
  expect(samples.at(-1)?.values[transport === 'ws' ? 'sockets' : 'streams']).toBe(1);
  watch.unsubscribe();
});

test('who is no administrator any more looks on no longer, and who is one of a tenant never does', async () => {
  let roles = ['admin'];
  const accounts = await startAccounts({
    policy: (question, standard) =>
      (question.action === 'administer' && question.principal.id === 'plain' && roles.includes('admin')) ||
      (question.action === 'administer' && question.principal.tenant !== undefined) ||
      standard(question),
  });
  const plain = await openRaw({ port: accounts.port, params: { token: 'plain' } });
  const watch = plain.watch('admin.watchMetrics', {});
  await vi.waitFor(() => expect(plain.events(watch).length).toBeGreaterThan(0));
  roles = [];
  // Anything that may change what somebody may makes the server look again.
  const { threadId }: { threadId: string } = await plain.call('mutation', 'messages.send', { agent: 'pour', text: '1' });
  await plain.call('mutation', 'threads.share', { threadId, with: 'other' });
  expect(await refusalOf(plain, watch)).toBe('NOT_ALLOWED');
  const acme = await openRaw({ port: accounts.port, params: { token: 'acme' } });
  for (const path of ['admin.metrics', 'admin.settings']) expect((await acme.error('query', path)).data.reason).toBe('NOT_ALLOWED');
  expect((await acme.error('subscription', 'admin.watchMetrics', {})).data.reason).toBe('NOT_ALLOWED');
});
