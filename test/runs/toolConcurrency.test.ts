import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/agents/defineTool.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { serveTool } from './askedTool.ts';
import { eventsOf, gate, until } from './runSupport.ts';

checkLeaks();

/** Holds each call until it is let go, and says who is at work. */
function holdingTool(options: object = {}, { deaf = false } = {}) {
  const begun: number[] = [];
  const gates = new Map<number, ReturnType<typeof gate>>();
  const gateOf = (n: number) => gates.get(n) ?? gates.set(n, gate()).get(n) ?? gate();
  const tool = defineTool({
    name: 'hold',
    description: '',
    input: z.object({ n: z.number() }),
    output: z.object({ n: z.number() }),
    maxConcurrent: 2,
    ...options,
    execute: async ({ n }, { signal }) => {
      begun.push(n);
      const stopped = new Promise((_resolve, reject) => {
        if (!deaf) signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([gateOf(n).opened, stopped]);
      return { n };
    },
  });
  return { tool, begun, letGo: (n: number) => gateOf(n).open() };
}

test('as many calls as maxConcurrent are carried out at once over all runs, the others in the order in which they came', async () => {
  const { tool, begun, letGo } = holdingTool();
  await using asking = await serveTool(tool);
  const runs: Awaited<ReturnType<typeof asking.send>>[] = [];
  for (const n of [1, 2, 3, 4]) {
    const run = await asking.send({ n }, { agent: n % 2 === 0 ? 'other' : 'bot' });
    await until(run, 'tool.called');
    runs.push(run);
  }
  expect(begun).toEqual([1, 2]);
  letGo(2);
  await vi.waitFor(() => expect(begun).toEqual([1, 2, 3]));
  letGo(1);
  await vi.waitFor(() => expect(begun).toEqual([1, 2, 3, 4]));
  for (const n of [3, 4]) letGo(n);
  const results = await Promise.all(runs.map((run) => run.result()));
  expect(results.map(({ status }) => status)).toEqual(Array(4).fill('completed'));
});

test('the time of a call begins when it has a place', async () => {
  const clock = createManualClock();
  const { tool, begun, letGo } = holdingTool({ maxConcurrent: 1, timeoutMs: 10_000 });
  await using asking = await serveTool(tool, { clock });
  const first = asking.ask({ n: 1 });
  await vi.waitFor(() => expect(begun).toEqual([1]));
  const second = asking.ask({ n: 2 });
  await vi.waitFor(() => expect(asking.server.stats.activeRuns).toBe(2));
  await clock.advance(9_000);
  letGo(1);
  await vi.waitFor(() => expect(begun).toEqual([1, 2]));
  await clock.advance(9_000);
  letGo(2);
  expect(await Promise.all([first, second])).toMatchObject([{ output: { n: 1 } }, { output: { n: 2 } }]);
});

test('a run that is cancelled while its call waits ends at once, and the call was not carried out', async () => {
  const { tool, begun, letGo } = holdingTool({ maxConcurrent: 1 });
  await using asking = await serveTool(tool);
  const first = asking.ask({ n: 1 });
  await vi.waitFor(() => expect(begun).toEqual([1]));
  const run = await asking.send({ n: 2 });
  await until(run, 'tool.called');
  await run.cancel();
  const events = await eventsOf(run);
  expect(events.find((event) => event.type === 'tool.failed')).toMatchObject({
    error: { message: expect.stringContaining('not carried out') },
  });
  expect(events.at(-1)).toMatchObject({ type: 'run.cancelled' });
  letGo(1);
  await first;
  const third = asking.ask({ n: 3 });
  letGo(3);
  expect(await third).toMatchObject({ output: { n: 3 } });
  expect(begun).toEqual([1, 3]);
});

test('a tool that does not stop gives its place back when the grace is over', async () => {
  const clock = createManualClock();
  const { tool, begun, letGo } = holdingTool({ maxConcurrent: 1, timeoutMs: 1_000 }, { deaf: true });
  await using asking = await serveTool(tool, { clock, limits: { cancelGraceMs: 5_000 } });
  const first = asking.ask({ n: 1 });
  await vi.waitFor(() => expect(begun).toEqual([1]));
  await clock.advance(1_000);
  expect((await first).error).toMatchObject({ code: 'TOOL_TIMEOUT' });
  const second = asking.ask({ n: 2 });
  await vi.waitFor(() => expect(asking.server.stats.activeRuns).toBe(1));
  await clock.advance(4_999);
  expect(begun).toEqual([1]);
  await clock.advance(1);
  await vi.waitFor(() => expect(begun).toEqual([1, 2]));
  letGo(2);
  await second;
});
