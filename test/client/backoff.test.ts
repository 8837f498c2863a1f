import { expect, test } from 'vitest';
import { backoffMs } from '../../src/client/backoff.ts';

test('the bound of the backoff doubles from 100 ms to 30 s, and the delay lies anywhere below it', () => {
  const longest = (attempt: number) => backoffMs(attempt, () => 1);
  expect([0, 1, 2, 8, 9, 10_000].map(longest)).toEqual([100, 200, 400, 25_600, 30_000, 30_000]);
  expect(backoffMs(9, () => 0)).toBe(0);
  expect(backoffMs(9, () => 0.5)).toBe(15_000);
});
