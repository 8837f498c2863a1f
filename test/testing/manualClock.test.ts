import { expect, test } from 'vitest';
import { createManualClock } from '../../src/testing/manualClock.ts';

test('runs due tasks in order of time, each at its own time', async () => {
  const clock = createManualClock(1_000);
  const ran: [string, number][] = [];
  clock.after(30, () => ran.push(['late', clock.now()]));
  clock.after(10, () => ran.push(['early', clock.now()]));
  clock.after(10, () => ran.push(['early too', clock.now()]));
  clock.after(31, () => ran.push(['not yet', clock.now()]));
  await clock.advance(30);
  expect(ran).toEqual([
    ['early', 1_010],
    ['early too', 1_010],
    ['late', 1_030],
  ]);
  expect(clock.now()).toBe(1_030);
  expect(clock.pending).toBe(1);
});

test('runs tasks that tasks schedule, and promises between them', async () => {
  const clock = createManualClock(0);
  const ran: string[] = [];
  clock.after(10, () => {
    ran.push('first');
    Promise.resolve()
      .then(() => undefined)
      .then(() => {
        ran.push('promise of first');
        clock.after(5, () => ran.push(`second at ${clock.now()}`));
      });
  });
  clock.after(20, () => ran.push('third'));
  await clock.advance(20);
  expect(ran).toEqual(['first', 'promise of first', 'second at 15', 'third']);
});

test('lets promises settle before time passes, so that a task scheduled by one is not late', async () => {
  const clock = createManualClock(0);
  let ranAt: number | undefined;
  Promise.resolve().then(() => clock.after(10, () => (ranAt = clock.now())));
  await clock.advance(10);
  expect(ranAt).toBe(10);
});

test('takes a task back', async () => {
  const clock = createManualClock();
  let ran = false;
  const takeBack = clock.after(10, () => (ran = true));
  takeBack();
  takeBack();
  expect(clock.pending).toBe(0);
  await clock.advance(1_000);
  expect(ran).toBe(false);
});

test('a jump of the wall clock runs nothing and leaves the delays as they were', async () => {
  const clock = createManualClock(10_000);
  const ranAt: number[] = [];
  clock.after(100, () => ranAt.push(clock.now()));
  clock.set(10_000 - 3_600_000);
  expect(clock.now()).toBe(10_000 - 3_600_000);
  await clock.advance(99);
  expect(ranAt).toEqual([]);
  await clock.advance(1);
  expect(ranAt).toEqual([10_000 - 3_600_000 + 100]);
});

test('a zero delay runs on the next advance, never at once', async () => {
  const clock = createManualClock();
  let runs = 0;
  clock.after(0, () => runs++);
  clock.after(-5, () => runs++);
  expect(runs).toBe(0);
  await clock.advance(0);
  expect(runs).toBe(2);
});

test('a task that throws rejects the advance and keeps the tasks after it', async () => {
  const clock = createManualClock();
  clock.after(1, () => {
    throw new Error('broken task');
  });
  clock.after(2, () => undefined);
  await expect(clock.advance(5)).rejects.toThrow('broken task');
  expect(clock.pending).toBe(1);
});

test('refuses to advance backwards', async () => {
  await expect(createManualClock().advance(-1)).rejects.toThrow(RangeError);
  await expect(createManualClock().advance(Number.NaN)).rejects.toThrow(RangeError);
});

test('ends an advance in which a task schedules itself without end', async () => {
  const clock = createManualClock();
  const again = (): void => {
    clock.after(0, again);
  };
  again();
  await expect(clock.advance(1)).rejects.toThrow('10000 tasks');
});
