import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/protocol/clock.ts';
import { expectNoLeak, openResources } from './leakCheck.ts';
import { watchTimers } from './liveTimers.ts';

test('sees a server that was left open, and names it', async () => {
  const before = openResources();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  await expect(expectNoLeak(before)).rejects.toThrow(/TCPServerWrap/);
  server.close();
  await expectNoLeak(before);
});

test('sees a timer of the sources, an unref-ed one too, and says where it was set', async () => {
  using timers = watchTimers();
  const takeBack = systemClock.after(60_000, () => undefined);
  setTimeout(() => undefined, 10);
  await expect(expectNoLeak(openResources(), timers)).rejects.toThrow(/clock\.ts/);
  takeBack();
  await expectNoLeak(openResources(), timers);
  await new Promise<void>((resolve) => systemClock.after(0, resolve));
  expect(timers.count).toBe(0);
});

test('sees a counter that does not go down', async () => {
  let tails = 0;
  const counters = () => ({ tails });
  const before = openResources(counters);
  tails = 1;
  await expect(expectNoLeak(before, undefined, counters)).rejects.toThrow(/tails/);
});
