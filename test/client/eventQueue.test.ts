import { expect, test } from 'vitest';
import { EventQueue, MAX_WAITING_CHARACTERS, MAX_WAITING_EVENTS } from '../../src/client/eventQueue.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';

const queued = (seq: number, size = 1) => ({
  event: { type: 'text.delta', runId: 'r', messageId: 'm', delta: 'x', seq, at: 1 } as AnyEvent,
  cursor: `e-${seq}`,
  size,
});

test('is full at its limit of events, and at its limit of characters', async () => {
  const queue = new EventQueue();
  for (let seq = 1; seq < MAX_WAITING_EVENTS; seq += 1) queue.push(queued(seq));
  expect(queue.isFull).toBe(false);
  queue.push(queued(MAX_WAITING_EVENTS));
  expect(queue.isFull).toBe(true);
  await queue.take();
  expect(queue.isFull).toBe(false);

  const heavy = new EventQueue();
  heavy.push(queued(1, MAX_WAITING_CHARACTERS - 1));
  expect(heavy.isFull).toBe(false);
  heavy.push(queued(2, 1));
  expect(heavy.isFull).toBe(true);
});

test('a consumer that is always one behind gets everything in order', async () => {
  const queue = new EventQueue();
  queue.push(queued(1));
  for (let seq = 2; seq < 3 * MAX_WAITING_EVENTS; seq += 1) {
    queue.push(queued(seq));
    expect((await queue.take()).value?.seq).toBe(seq - 1);
    expect(queue.isFull).toBe(false);
  }
});

test('the cursor is that of the last event taken, whoever came first', async () => {
  const queue = new EventQueue();
  queue.push(queued(1));
  queue.push(queued(2));
  expect(queue.cursor).toBeUndefined();
  await queue.take();
  expect(queue.cursor).toBe('e-1');
  await queue.take();
  const taking = queue.take();
  queue.push(queued(3));
  expect((await taking).value?.seq).toBe(3);
  expect(queue.cursor).toBe('e-3');
});

test('what waits can be taken after the close; then comes the failure once, then the end', async () => {
  const queue = new EventQueue();
  queue.push(queued(1));
  queue.close({ error: new Error('lost') });
  queue.push(queued(2));
  expect((await queue.take()).value?.seq).toBe(1);
  await expect(queue.take()).rejects.toThrow('lost');
  expect(await queue.take()).toEqual({ done: true, value: undefined });
});

test('of several who wait, the first gets the failure and the others the end', async () => {
  const queue = new EventQueue();
  const takers = [queue.take(), queue.take()];
  queue.close({ error: new Error('lost') });
  expect((await Promise.allSettled(takers)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});
