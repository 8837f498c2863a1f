import { expect, it, vi } from 'vitest';
import { abortable, abortableDelay } from '../../../src/agents/models/abortable.ts';

const reason = new Error('enough');

it('settles as the promise does, and leaves no listener', async () => {
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, 'removeEventListener');
  expect(await abortable(Promise.resolve(1), signal)).toBe(1);
  await expect(abortable(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  await abortableDelay(1, signal);
  expect(removed).toHaveBeenCalledTimes(3);
});

it('an abort ends it with the reason, and a rejection that nobody waits for any more harms nobody', async () => {
  const unheard: unknown[] = [];
  const listen = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', listen);
  await expect(abortable(Promise.reject(new Error('before')), AbortSignal.abort(reason))).rejects.toBe(reason);
  const aborter = new AbortController();
  const late = new Promise((_resolve, reject) => setImmediate(() => reject(new Error('after'))));
  const waiting = abortable(late, aborter.signal);
  aborter.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', listen);
  expect(unheard).toEqual([]);
});

it('a delay ends at once when it is aborted', async () => {
  const aborter = new AbortController();
  const delay = abortableDelay(60_000, aborter.signal);
  aborter.abort(reason);
  await expect(delay).rejects.toBe(reason);
});
