import { expect, test, vi } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/protocol/limits.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';
import { watchLoopLag } from '../../../src/server/telemetry/loopLag.ts';
import { Readiness, type ReadinessOptions } from '../../../src/server/telemetry/readiness.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';
import { byToken, startServer } from '../startServer.ts';

checkLeaksAfterwards();

function readiness(options: Partial<ReadinessOptions> = {}): Readiness {
  const loopLag = { take: () => 0, recent: () => 0, close: () => {} };
  return new Readiness({ write: async () => {}, loopLag, limits: DEFAULT_LIMITS, ...options });
}

test('a process that lives says so to anybody, under both names', async () => {
  const { url } = await startServer({ authenticate: byToken });
  for (const path of ['/healthz', '/health']) {
    const answer = await fetch(url + path);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ok' });
  }
});

test('a server that can write is ready, and writes at most once a second to find out', async () => {
  const { url } = await startServer();
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' });
  const write = vi.fn(async () => {});
  const ready = readiness({ write });
  await Promise.all([ready.reasons(), ready.reasons(), ready.reasons()]);
  expect(write).toHaveBeenCalledTimes(1);
  const now = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(now + 1_100);
  await ready.reasons();
  vi.restoreAllMocks();
  expect(write).toHaveBeenCalledTimes(2);
});

test('what cannot be written is told to operators by its code, and to strangers not at all', async () => {
  const { url } = await startServer({ authenticate: byToken, limits: { readyCommitMs: 0 } });
  const own = await fetch(`${url}/readyz`);
  expect(own.status).toBe(503);
  expect(await own.json()).toEqual({ status: 'not ready', reasons: [expect.stringContaining('A commit t')] });
  const through = await fetch(`${url}/readyz`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
  expect(through.status).toBe(503);
  expect(await through.json()).toEqual({ status: 'not ready' });
  const write = async () => {
    throw new VerbatimError('STORAGE_FULL', 'The disk with /srv/secret is full.');
  };
  expect(await readiness({ write }).reasons()).toEqual(['The database cannot be written: STORAGE_FULL.']);
});

test('a server whose commits take longer than they may is not ready', async () => {
  const never = new Promise<void>(() => {});
  const ready = readiness({ write: () => never, limits: { ...DEFAULT_LIMITS, readyCommitMs: 20 } });
  expect(await ready.reasons()).toEqual(['A commit takes longer than 20 ms.']);
  expect(ready.wasReady).toBe(false);
});

test('a server whose event loop stood still is not ready, until it has recovered', async () => {
  const loopLag = watchLoopLag();
  afterTest(() => loopLag.close());
  const limits = { ...DEFAULT_LIMITS, readyLoopLagMs: 150 };
  await vi.waitFor(() => expect(loopLag.recent()).toBeGreaterThan(0));
  const until = performance.now() + 400;
  while (performance.now() < until) {
    // The event loop stands still.
  }
  await vi.waitFor(async () => {
    expect(await readiness({ loopLag, limits }).reasons()).toEqual([
      expect.stringMatching(/^The event loop stood still for \d{3} ms; at most 150 are fine\.$/),
    ]);
  });
  await vi.waitFor(async () => expect(await readiness({ loopLag, limits }).reasons()).toEqual([]), { timeout: 5_000 });
});

test('a server that closes is not ready, though it still answers', async () => {
  const { url, server, release } = await startServer();
  const { run } = await heldRun(url);
  const closing = server.close({ drainMs: 5_000 });
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ status: 'not ready', reasons: ['The server is closing.'] });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(run).toMatch(/^run_/);
  release();
  await closing;
});

async function heldRun(url: string): Promise<{ readonly run: string }> {
  const body = JSON.stringify({ json: { agent: 'pour', text: 'hold' } });
  const answer = await fetch(`${url}/trpc/messages.send`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { result } = (await answer.json()) as { readonly result: { readonly data: { readonly json: { readonly runId: string } } } };
  return { run: result.data.json.runId };
}
