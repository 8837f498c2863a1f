import { describe, expect, test, vi } from 'vitest';
import { emptyThread, reduceThread } from '../../src/client/index.node.ts';
import { type AnyEvent, isTerminalEvent } from '../../src/protocol/event.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { collect, type FaultServer, startFaultServer, wordsUpTo } from './faultServer.ts';
import { checkReading, type StoredLog } from './storedLog.ts';

checkLeaks();

async function logOf(faulty: FaultServer, threadId: string): Promise<StoredLog> {
  const log = (await faulty.closeAndRead()).get(threadId);
  if (log === undefined) throw new Error(`${threadId} is not in the file`);
  return log;
}

describe.each(['ws', 'sse'] as const)('over %s', (transport) => {
  test('what is appended while a reader is suspended at an event is there when it goes on', async () => {
    await using faulty = await startFaultServer();
    const client = faulty.client({ transport });
    const writer = faulty.client();
    const { id } = await client.threads.create();
    const events: AnyEvent[] = [];
    const send = () => writer.send({ agent: 'talker', text: '3 words every 1 ms', threadId: id });
    const first = await send();
    let rounds = 0;
    for await (const event of client.thread(id).watch()) {
      events.push(event as AnyEvent);
      // Held here, at the first event and at the last: nobody is waiting for the next one when it is committed.
      if (event.type === 'message.received' && rounds === 0) await first.result();
      if (isTerminalEvent(event)) {
        if (rounds++ === 3) break;
        await (await send()).result();
      }
    }
    const log = await logOf(faulty, id);
    expect(checkReading(log, { who: 'the suspended reader', events })).toBe(log.events.length);
  });

  test('two tabs of one thread see the same, whichever sends', async () => {
    await using faulty = await startFaultServer();
    const tabs = [faulty.client({ transport }), faulty.client({ transport })] as const;
    const { id } = await tabs[0].threads.create();
    const read = async (tab: (typeof tabs)[number]): Promise<AnyEvent[]> => {
      const events: AnyEvent[] = [];
      for await (const event of tab.thread(id).watch()) {
        events.push(event as AnyEvent);
        if (events.filter(isTerminalEvent).length === 4) return events;
      }
      return events;
    };
    const reading = Promise.all(tabs.map(read));
    await Promise.all([0, 1, 0, 1].map((n) => (tabs[n] ?? tabs[0]).send({ agent: 'talker', text: '20 words every 1 ms', threadId: id })));
    const [one = [], two = []] = await reading;
    const states = [one, two].map((events) => events.reduce(reduceThread, emptyThread));
    expect(states[0]).toEqual(states[1]);
    const log = await logOf(faulty, id);
    for (const events of [one, two]) expect(checkReading(log, { who: 'a tab', events })).toBe(log.events.length);
  });

  test('a client closed in mid-stream rejects what it was asked and cancels nothing', async () => {
    await using faulty = await startFaultServer();
    const client = faulty.client({ transport });
    const run = await client.send({ agent: 'talker', text: '100 words every 2 ms' });
    const reading = collect(run);
    const refused = expect(reading).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    const result = expect(run.result()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await vi.waitFor(() => expect(faulty.server.stats.watches).toBe(2));
    await client.close();
    await Promise.all([refused, result]);
    await vi.waitFor(() => expect(faulty.server.stats.watches).toBe(0));
    expect(await faulty.client().run(run.id).result()).toMatchObject({ status: 'completed', text: wordsUpTo(100) });
  });

  test('a restart while 50 readers reconnect: each goes on where it stood', async () => {
    await using faulty = await startFaultServer();
    const proxy = await faulty.proxy();
    const client = faulty.client({ url: proxy.url, transport });
    const run = await client.send({ agent: 'talker', text: '300 words every 4 ms' });
    const readers = Array.from({ length: 50 }, () => collect(client.run(run.id)) as Promise<AnyEvent[]>);
    await vi.waitFor(() => expect(faulty.server.stats.watches).toBe(50));
    for (let restarts = 0; restarts < 2; restarts++) {
      proxy.cut();
      await faulty.restart();
      proxy.cut();
      await vi.waitFor(() => expect(faulty.server.stats.watches).toBeGreaterThan(25), { timeout: 5_000 });
    }
    const readings = await Promise.all(readers);
    const log = await logOf(faulty, run.threadId);
    for (const events of readings) expect(checkReading(log, { who: 'a reader', events })).toBe(log.events.length);
    expect(log.events.filter(({ type }) => type === 'run.resumed')).toHaveLength(2);
  });
});
