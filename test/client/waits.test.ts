import { expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import { createManualClock, type ManualClock } from '../../src/testing/index.ts';
import { boundedServer } from '../server/limits/boundedServer.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';
import { TRANSPORTS } from './clientOf.ts';

checkLeaksAfterwards();

/** A server and a client with one clock, and a message a minute. */
async function oneAMinute(transport: 'ws' | 'sse', clock: ManualClock) {
  const { url } = await boundedServer({ clock, limits: { messagesPerMinute: 1 } });
  const client = createClient({ url, token: 'ann', transport, clock, random: () => 0 });
  onTestFinished(() => client.close());
  const send = (options = {}) => client.send({ agent: 'pour', text: '1 1', idempotencyKey: String(Math.random()) } as never, options);
  await send();
  return { client, send };
}

test.each(TRANSPORTS)('over %s a send that a limit puts off waits, says so, and goes on', async (transport) => {
  const clock = createManualClock();
  const { client, send } = await oneAMinute(transport, clock);
  await clock.advance(10_000);
  const told: unknown[] = [];
  client.waits.subscribe((state) => told.push(state));
  expect(client.waits.state).toEqual([]);
  const second = send();
  await vi.waitFor(() => expect(client.waits.state).toHaveLength(1));
  expect(client.waits.state[0]).toMatchObject({ path: 'messages.send', limit: 'messagesPerMinute', until: clock.now() + 50_000 });
  expect(client.waits.state[0]?.idempotencyKey).toMatch(/^0\./);
  await clock.advance(49_999);
  expect(client.waits.state).toHaveLength(1);
  await clock.advance(1);
  expect((await second).receipt.disposition).toBe('started');
  expect(client.waits.state).toEqual([]);
  expect(told).toHaveLength(2);
});

test('a limit that lasts longer than the call may is RATE_LIMITED at once', async () => {
  const { client, send } = await oneAMinute('ws', createManualClock());
  const told = vi.fn();
  client.waits.subscribe(told);
  await expect(send({ timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    retryable: true,
    details: { limit: 'messagesPerMinute', max: 1, retryAfterMs: 60_000 },
  });
  expect(told).not.toHaveBeenCalled();
});

test('whoever gives up a call that waits hears of it at once, and nothing waits any more', async () => {
  const { client, send } = await oneAMinute('ws', createManualClock());
  const abort = new AbortController();
  const sent = send({ signal: abort.signal, timeoutMs: 120_000 });
  await vi.waitFor(() => expect(client.waits.state).toHaveLength(1));
  abort.abort();
  await expect(sent).rejects.toMatchObject({ code: 'CANCELLED' });
  await vi.waitFor(() => expect(client.waits.state).toEqual([]));
});

test('a plain call without a key is not asked again: it gets the error', async () => {
  const { client } = await oneAMinute('ws', createManualClock());
  await expect(client.trpc.messages.send.mutate({ agent: 'pour', text: '1 1' } as never)).rejects.toMatchObject({
    data: { reason: 'RATE_LIMITED', httpStatus: 429, details: { limit: 'messagesPerMinute' } },
  });
});
