import { describe, expect, test } from 'vitest';
import type { QueuedRun, RunQueue, RunQueueLimits } from '../../src/server/runQueue.ts';

/** What any queue of runs must do. `onReady` is told of each run that has got room. */
export function testRunQueue({
  name,
  open,
}: {
  readonly name: string;
  readonly open: (limits: RunQueueLimits, onReady: (run: QueuedRun) => void) => RunQueue;
}): void {
  describe(`run queue: ${name}`, () => {
    const queueOf = (maxRuns: number, maxRunsPerPrincipal: number) => {
      const ready: number[] = [];
      const queue = open({ maxRuns, maxRunsPerPrincipal }, ({ run }) => ready.push(run));
      return { queue, ready };
    };

    test('gives room up to the limit of all, then says how many wait', () => {
      const { queue } = queueOf(2, 2);
      expect(queue.take('ann')).toBe(true);
      expect(queue.take('bob')).toBe(true);
      expect(queue.take('cleo')).toEqual({ waiting: 0 });
    });

    test('gives one principal no more than its own limit, and others what is left', () => {
      const { queue } = queueOf(3, 1);
      expect(queue.take('ann')).toBe(true);
      expect(queue.take('ann')).toEqual({ waiting: 0 });
      expect(queue.take('bob')).toBe(true);
    });

    test('gives a principal that brings a limit of its own that many, also those that waited', async () => {
      const { queue, ready } = queueOf(5, 1);
      expect(queue.take('pia', 2)).toBe(true);
      expect(queue.take('pia', 2)).toBe(true);
      expect(queue.take('pia', 2)).toEqual({ waiting: 0 });
      queue.arrived('pia');
      queue.push({ run: 1, principalId: 'pia', maxRuns: 3 });
      queue.push({ run: 2, principalId: 'pia', maxRuns: 3 });
      await expect.poll(() => ready).toEqual([1]);
    });

    test('serves who waits in order of arrival as room is given back', async () => {
      const { queue, ready } = queueOf(1, 1);
      queue.take('ann');
      queue.push({ run: 1, principalId: 'bob' });
      queue.push({ run: 2, principalId: 'cleo' });
      expect(queue.waiting).toBe(2);
      queue.release('ann');
      await expect.poll(() => ready).toEqual([1]);
      queue.release('bob');
      await expect.poll(() => ready).toEqual([1, 2]);
      expect(queue.waiting).toBe(0);
    });

    test('a principal without room of its own does not hold up others', async () => {
      const { queue, ready } = queueOf(2, 1);
      queue.take('ann');
      queue.push({ run: 1, principalId: 'ann' });
      queue.push({ run: 2, principalId: 'bob' });
      await expect.poll(() => ready).toEqual([2]);
      queue.release('ann');
      await expect.poll(() => ready).toEqual([2, 1]);
    });

    test('a newcomer does not overtake a waiting run of the same principal', () => {
      const { queue } = queueOf(1, 1);
      queue.take('bob');
      queue.push({ run: 1, principalId: 'ann' });
      expect(queue.take('ann')).toEqual({ waiting: 1 });
    });

    test('a run that has room is given it once, however often it was pushed', async () => {
      const { queue, ready } = queueOf(1, 1);
      queue.take('ann');
      queue.push({ run: 1, principalId: 'bob' });
      queue.push({ run: 1, principalId: 'bob' });
      expect(queue.waiting).toBe(1);
      queue.release('ann');
      queue.release('bob');
      await expect.poll(() => ready).toEqual([1]);
    });

    test('a run that was removed gets no room', async () => {
      const { queue, ready } = queueOf(1, 1);
      queue.take('ann');
      queue.push({ run: 1, principalId: 'bob' });
      queue.push({ run: 2, principalId: 'bob' });
      expect(queue.remove(1)).toBe(true);
      expect(queue.remove(1)).toBe(false);
      queue.release('ann');
      await expect.poll(() => ready).toEqual([2]);
    });

    test('a paused queue gives no room to anybody and forgets nothing', () => {
      const { queue, ready } = queueOf(1, 1);
      queue.take('ann');
      queue.push({ run: 1, principalId: 'bob' });
      queue.pause();
      queue.release('ann');
      expect(queue.take('cleo')).toEqual({ waiting: 1 });
      expect([ready, queue.waiting]).toEqual([[], 1]);
    });

    test('room that was given back is there again', () => {
      const { queue } = queueOf(1, 1);
      for (let round = 0; round < 5; round++) {
        expect(queue.take('ann')).toBe(true);
        queue.release('ann');
      }
      expect(queue.take('bob')).toBe(true);
    });
  });
}
