import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { type LiveTimers, watchTimers } from './liveTimers.ts';

const HANDLES = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'ProcessWrap', 'MessagePort']);

/** What else is open, by name: a server's tails, sockets, databases. */
export type Counters = () => Readonly<Record<string, number>>;

/** The sockets, servers, children and workers that keep this process alive now, by kind, and the given counters. */
export function openResources(counters?: Counters): Record<string, number> {
  const open: Record<string, number> = { ...counters?.() };
  for (const name of process.getActiveResourcesInfo()) {
    if (HANDLES.has(name)) open[name] = (open[name] ?? 0) + 1;
  }
  return open;
}

/**
 * Waits until no more is open than `before`, and no timer of `timers` is live. Handles close a few turns after what closed them, hence
 * the patience; fails with a list when it is over.
 */
export async function expectNoLeak(before: Record<string, number>, timers?: LiveTimers, counters?: Counters): Promise<void> {
  const deadline = performance.now() + 1_000;
  const leaked = (): Record<string, number> =>
    Object.fromEntries(Object.entries(openResources(counters)).filter(([name, count]) => count > (before[name] ?? 0)));
  const isClean = (): boolean => Object.keys(leaked()).length === 0 && (timers?.count ?? 0) === 0;
  while (!isClean() && performance.now() < deadline) await nextTurn();
  expect(leaked(), `left open: ${JSON.stringify(leaked())}`).toEqual({});
  const origins = timers?.origins ?? [];
  expect(origins.length, `timers left: ${origins.join(', ')}`).toBe(0);
}

/** After every test of the file that calls it: nothing is open, and no timer set by `src/` is live, that was not before the test. */
export function checkLeaks(counters?: Counters): void {
  let before: Record<string, number> = {};
  let timers: LiveTimers | undefined;
  beforeEach(() => {
    before = openResources(counters);
    timers = watchTimers();
  });
  afterEach(async () => {
    timers?.[Symbol.dispose]();
    await expectNoLeak(before, timers, counters);
  });
}
