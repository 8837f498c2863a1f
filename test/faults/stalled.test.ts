import { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { startFaultServer } from './faultServer.ts';
import { checkReading } from './storedLog.ts';

const LENGTH = 1_000;
/** What all read: 2 MB, and again as whole messages. */
const WORDS = 2_000;
/** What comes after it for the stalled reader alone: far more than a kernel holds for anybody. */
const MORE_WORDS = 12_000;
const HEALTHY = 50;

checkLeaks();

describe.each(['ws', 'sse'] as const)('over %s', (transport) => {
  test('a stalled reader costs a bounded buffer, the healthy ones complete in order, and it resumes exactly', async () => {
    await using faulty = await startFaultServer();
    const proxy = await faulty.proxy();
    const sender = faulty.client();
    const healthy = faulty.client({ transport });
    const stalled = faulty.client({ url: proxy.url, transport, pongTimeoutMs: 60_000 });
    const thread = await sender.threads.create();

    const stalledEvents: AnyEvent[] = [];
    let first = '';
    const stalledReading = (async () => {
      for await (const event of stalled.thread(thread.id).watch()) {
        stalledEvents.push(event as AnyEvent);
        if (event.type === 'run.completed' && event.runId !== first) return;
      }
    })();
    await vi.waitFor(() => expect(faulty.server.stats.watches).toBe(1));
    proxy.stall('down');

    let mostBuffered = 0;
    const sampling = setInterval(() => {
      mostBuffered = Math.max(mostBuffered, faulty.server.stats.bufferedBytes);
    }, 5);
    onTestFinished(() => clearInterval(sampling));
    const run = await sender.send({ agent: 'talker', text: `${WORDS} words of ${LENGTH}`, threadId: thread.id });
    first = run.id;
    const more = await sender.send({ agent: 'talker', text: `${MORE_WORDS} words of ${LENGTH}`, threadId: thread.id });
    // They read without keeping it: 50 times 4 MB.
    await Promise.all(Array.from({ length: HEALTHY }, () => readInOrder(healthy.run(run.id))));
    await healthy.close();
    await more.result();
    clearInterval(sampling);
    expect(stalledEvents.at(-1)?.type).not.toBe('run.completed');
    expect(mostBuffered).toBeGreaterThan(0);
    expect(mostBuffered).toBeLessThan(MORE_WORDS * LENGTH * 0.6);
    expect(faulty.server.stats).toMatchObject({ activeRuns: 0, watches: 1 });

    proxy.resume();
    await stalledReading;
    const log = (await faulty.closeAndRead()).get(thread.id);
    if (log === undefined) throw new Error('the thread is not in the file');
    expect(checkReading(log, { who: 'the stalled reader', events: stalledEvents })).toBe(log.events.length);
  });
});

async function readInOrder(events: AsyncIterable<unknown>): Promise<void> {
  let previous: number | undefined;
  let length = 0;
  for await (const step of events) {
    const event = step as AnyEvent;
    if (previous !== undefined) expect((event as { firstSeq?: number }).firstSeq ?? event.seq).toBe(previous + 1);
    previous = event.seq;
    if (event.type === 'text.delta') length += event.delta.length;
  }
  expect(length).toBe(WORDS * LENGTH);
}

const ROUNDS = 1_000;

test('1,000 rounds of connect, subscribe and drop leave nothing', async () => {
  await using faulty = await startFaultServer();
  const sender = faulty.client();
  const run = await sender.send({ agent: 'talker', text: '1000000 words every 5 ms' });
  const url = `${faulty.url}/trpc`;
  const round = async (n: number): Promise<void> => {
    const input = { json: n % 3 === 0 ? { threadId: run.threadId } : { runId: run.id } };
    const path = n % 3 === 0 ? 'threads.watch' : 'runs.watch';
    if (n % 4 === 0) {
      const abort = new AbortController();
      const response = await fetch(`${url}/${path}?input=${encodeURIComponent(JSON.stringify(input))}`, { signal: abort.signal });
      await response.body?.getReader().read();
      abort.abort();
      return;
    }
    const socket = new WebSocket(url.replace('http', 'ws'));
    await once(socket, 'open');
    for (let id = 1; id <= 3; id++) socket.send(JSON.stringify({ id, method: 'subscription', params: { path, input } }));
    // Some go before the answer, some in the middle of it, some say goodbye.
    if (n % 4 === 1) await once(socket, 'message');
    if (n % 4 === 2) socket.close();
    else socket.terminate();
    await once(socket, 'close');
  };
  for (let n = 0; n < ROUNDS; n += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => round(n + i)));
  const held = { watches: 0, listeners: 0, connections: 1, activeRuns: 1, heldLogs: 1, bufferedBytes: 0 };
  await vi.waitFor(() => expect(faulty.server.stats).toEqual(held));
  await sender.run(run.id).cancel();
  await faulty.closeAndRead();
});
