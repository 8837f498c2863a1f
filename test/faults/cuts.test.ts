import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { collect, startFaultServer, wordsUpTo } from './faultServer.ts';
import { seededRandom } from './seededRandom.ts';
import { checkReading, checkRuns } from './storedLog.ts';

const RUNS = 20;
const WORDS = 150;

checkLeaks();

describe.each(['ws', 'sse'] as const)('over %s', (transport) => {
  test('20 runs through a network that cuts every connection and stalls: readers of every kind are exact, cancels take effect', async () => {
    await using faulty = await startFaultServer();
    const proxy = await faulty.proxy();
    const random = seededRandom(48);
    proxy.cutEvery({ minMs: 50, maxMs: 300 }, random);
    const client = faulty.client({ url: proxy.url, transport });
    const canceller = faulty.client({ url: proxy.url, transport });

    let streaming = true;
    const stalling = (async () => {
      while (streaming) {
        await pause(100 + random() * 200);
        proxy.stall(random() < 0.5 ? 'down' : 'both');
        await pause(20 + random() * 100);
        proxy.resume();
      }
    })();
    const runs = await Promise.all(
      Array.from({ length: RUNS }, async (_, n) => {
        const run = await client.send({ agent: 'talker', text: `${WORDS} words every 8 ms` });
        const cancelled = n % 4 === 0;
        const frames = faulty.frames('runs.watch', { runId: run.id }, proxy.url);
        const [events, messages, asked, result] = await Promise.all([
          collect(run) as Promise<AnyEvent[]>,
          untilTerminal(client.thread(run.threadId).watch({ mode: 'messages' }) as AsyncIterable<AnyEvent>),
          cancelled ? pause(100 + random() * 500).then(() => canceller.run(run.id).cancel()) : undefined,
          run.result(),
        ]);
        await vi.waitFor(() => expect(frames.events.at(-1)?.type).toBe(events.at(-1)?.type), { timeout: 5_000 });
        frames.close();
        return { run, cancelled, asked, result, events, messages, frames: frames.events };
      }),
    );
    streaming = false;
    await stalling;
    const logs = await faulty.closeAndRead();
    for (const { run, cancelled, result, events, messages, frames } of runs) {
      const log = logs.get(run.threadId);
      if (log === undefined) throw new Error(`${run.threadId} is not in the file`);
      const head = log.events.length;
      expect(checkReading(log, { who: 'the run', events })).toBe(head);
      expect(checkReading(log, { who: 'frames', events: frames })).toBe(head);
      const leavesOut = ({ type }: AnyEvent): boolean => type === 'text.delta';
      expect(checkReading(log, { who: 'messages', events: messages, leavesOut })).toBe(head);
      expect(messages.some(leavesOut)).toBe(false);
      expect(checkRuns(log).map(({ type }) => type)).toEqual([cancelled ? 'run.cancelled' : 'run.completed']);
      expect(result.status).toBe(cancelled ? 'cancelled' : 'completed');
      const whole = wordsUpTo(WORDS);
      if (cancelled) expect(whole.startsWith(result.text) && result.text.length < whole.length).toBe(true);
      else expect(result.text).toBe(whole);
    }
    // Each run takes longer than a connection lasts.
    expect(proxy.counts.cuts).toBeGreaterThan(RUNS);
  });
});

async function untilTerminal(events: AsyncIterable<AnyEvent>): Promise<AnyEvent[]> {
  const all: AnyEvent[] = [];
  for await (const event of events) {
    all.push(event);
    if (/^run\.(completed|failed|cancelled)$/.test(event.type)) break;
  }
  return all;
}
