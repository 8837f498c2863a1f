import { expect, test } from 'vitest';
import { isSameBoot, readBootId } from '../../src/db/bootId.ts';

test('the boot of this machine is the same twice', () => {
  expect(isSameBoot(readBootId(), readBootId())).toBe(true);
});

test('ids are the same boot only when they are equal', () => {
  expect(isSameBoot('a', 'a')).toBe(true);
  expect(isSameBoot('a', 'b')).toBe(false);
  expect(isSameBoot('a', 'at 1000')).toBe(false);
});

test('times of a boot may differ by what clocks are corrected by', () => {
  expect(isSameBoot('at 1000', 'at 1030')).toBe(true);
  expect(isSameBoot('at 1000', 'at 1031')).toBe(false);
});
