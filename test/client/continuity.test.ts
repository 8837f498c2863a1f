import { expect, test } from 'vitest';
import { Continuity } from '../../src/client/continuity.ts';

const delta = (seq: number, firstSeq?: number) => ({ type: 'text.delta' as const, seq, ...(firstSeq !== undefined && { firstSeq }) });

test('accepts what follows, drops what was seen, and finds a gap', () => {
  const continuity = new Continuity(undefined, 0);
  expect(continuity.accept('a-1', delta(1))).toBe('next');
  expect(continuity.accept('a-4', delta(4, 2))).toBe('next');
  expect(continuity.accept('a-4', delta(4, 2))).toBe('seen');
  expect(continuity.accept('a-6', delta(6))).toBe('gap');
  expect(continuity.accept('a-7', delta(7, 6))).toBe('gap');
  expect(continuity.cursor).toBe('a-4');
});

test('a merged event that overlaps what was seen is a gap: taking it would double text', () => {
  const continuity = new Continuity('a-3', undefined);
  expect(continuity.accept('a-5', delta(5, 3))).toBe('gap');
});

test('another epoch, or an event without a position, is a gap; a snapshot starts anew', () => {
  const continuity = new Continuity('a-3', undefined);
  expect(continuity.accept('b-4', delta(4))).toBe('gap');
  expect(continuity.accept(undefined, delta(4))).toBe('gap');
  expect(continuity.accept('4', delta(4))).toBe('gap');
  expect(continuity.accept('a-5', delta(4))).toBe('gap');
  expect(continuity.accept('b-2', { type: 'thread.snapshot', seq: 2 })).toBe('next');
  expect(continuity.cursor).toBe('b-2');
  expect(continuity.accept('b-3', delta(3))).toBe('next');
});

test('has no cursor before the first event unless one was given, and takes its epoch from the first event', () => {
  expect(new Continuity(undefined, 0).cursor).toBeUndefined();
  const continuity = new Continuity(7, undefined);
  expect(continuity.cursor).toBe('7');
  expect(continuity.accept('a-8', delta(8))).toBe('next');
  expect(continuity.cursor).toBe('a-8');
});
