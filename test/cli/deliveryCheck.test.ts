import { expect, test } from 'vitest';
import { DeliveryCheck } from '../../src/cli/deliveryCheck.ts';

const count = (after: number, events: { seq: number; firstSeq?: number }[]) => {
  const check = new DeliveryCheck(after);
  for (const event of events) check.add({ type: 'run.status', runId: 'run_1', text: '', at: 0, ...event });
  const { gaps, doubles } = check;
  return { gaps, doubles };
};

test('counts nothing when every position comes once', () => {
  expect(count(4, [{ seq: 5 }, { seq: 6 }, { seq: 9, firstSeq: 7 }, { seq: 10 }])).toEqual({ gaps: 0, doubles: 0 });
});

test('counts every position that is missing, the first ones too', () => {
  expect(count(4, [{ seq: 6 }, { seq: 9 }])).toEqual({ gaps: 3, doubles: 0 });
  expect(count(0, [{ seq: 5, firstSeq: 3 }])).toEqual({ gaps: 2, doubles: 0 });
});

test('counts every position that comes again', () => {
  expect(count(0, [{ seq: 1 }, { seq: 2 }, { seq: 2 }, { seq: 3, firstSeq: 1 }, { seq: 4 }])).toEqual({ gaps: 0, doubles: 3 });
});

test('adds the pieces up, without those that were withdrawn', () => {
  const check = new DeliveryCheck(0);
  const common = { at: 0, runId: 'run_1' };
  const started = { ...common, type: 'message.started', agent: 'a', step: 1 } as const;
  check.add({ ...started, seq: 1, messageId: 'm1' });
  check.add({ ...common, type: 'text.delta', seq: 2, messageId: 'm1', delta: 'one two' });
  check.add({ ...common, type: 'message.discarded', seq: 3, messageId: 'm1', reason: 'interrupted' });
  check.add({ ...started, seq: 4, messageId: 'm2' });
  check.add({ ...common, type: 'text.delta', seq: 5, messageId: 'm2', delta: 'one' });
  check.add({ ...common, type: 'message.completed', seq: 6, messageId: 'm2', text: 'one', finish: 'stop' });
  expect(check).toMatchObject({ text: 'one', withdrawnWords: 2, mismatches: 0, events: 6, seq: 6 });
  check.add({ ...common, type: 'message.completed', seq: 7, messageId: 'm2', text: 'one two', finish: 'stop' });
  expect(check.mismatches).toBe(1);
});
