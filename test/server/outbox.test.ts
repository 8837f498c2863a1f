import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { flushOutboxes, Outbox } from '../../src/server/outbox.ts';
import { afterTest } from '../support/afterTest.ts';

const MAX_BYTES = 1_000;
const TOO_MUCH = 'x'.repeat(MAX_BYTES + 1);

afterEach(() => void vi.useRealTimers());

/** The way out of a socket whose other end takes everything. */
async function openOutbox(): Promise<Outbox> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  reader.resume();
  afterTest(async () => {
    socket.destroy();
    reader.destroy();
    server.close();
    await once(server, 'close');
  });
  return new Outbox({ socket, budget: { maxBytes: 1 << 20, heldBytes: 0 }, maxBytes: MAX_BYTES });
}

test('who waits for room goes on as soon as the kernel has taken it all, without `drain` and without a timer', async () => {
  const outbox = await openOutbox();
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  outbox.send(TOO_MUCH);
  expect(outbox.full).toBe(true);
  const woken = new Promise<void>((resolve) => outbox.onDrain(resolve));
  flushOutboxes();
  await woken;
  expect(outbox.full).toBe(false);
});

test('those that wait are woken one in a turn, and only while there is room', async () => {
  const outbox = await openOutbox();
  const woken: string[] = [];
  outbox.send(TOO_MUCH);
  for (const name of ['a', 'b', 'c']) {
    outbox.onDrain(() => {
      woken.push(name);
      // As a tail does that takes what room there is.
      if (name === 'a') outbox.send(TOO_MUCH);
    });
  }
  flushOutboxes();
  expect(woken).toEqual([]);
  await turn();
  await turn();
  expect(woken).toEqual(['a']);
  flushOutboxes();
  await vi.waitFor(() => expect(woken).toEqual(['a', 'b', 'c']));
});

test('room is what may be sent before it is full, and never nothing', async () => {
  const outbox = await openOutbox();
  expect([outbox.room, outbox.full]).toEqual([MAX_BYTES, false]);
  outbox.send('x'.repeat(400));
  expect(outbox.room).toBe(MAX_BYTES - 400);
  outbox.send(TOO_MUCH);
  expect([outbox.room, outbox.full]).toEqual([1, true]);
  flushOutboxes();
});
