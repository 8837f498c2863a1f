import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyThread, reduceThread } from '../../src/client/reducer.ts';
import { type AnyEvent, FINE_GRAINED_EVENTS, type ThreadSnapshot } from '../../src/protocol/event.ts';
import { checkReading } from '../faults/storedLog.ts';
import { FrameThread, type TailReader } from './frameThread.ts';

const reader = fc.nat({ max: 4 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('write' as const), text: fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('think' as const), text: fc.string({ minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('status' as const), text: fc.string({ minLength: 1, maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'complete' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'discard' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'withdraw' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'end' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'lull' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'fold' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('room' as const), reader, frames: fc.nat({ max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), reader }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function play(thread: FrameThread, readers: readonly TailReader[], steps: readonly Step[]): Promise<void> {
  for (const action of steps) {
    switch (action.do) {
      case 'room':
        readers[action.reader]?.giveRoom(action.frames);
        break;
      case 'lull':
        // For a while nobody reads, so nothing is kept in memory.
        for (const each of readers) each.close();
        thread.write('lull');
        await thread.turn();
        for (const each of readers) await each.reconnect();
        break;
      case 'reconnect':
        await readers[action.reader]?.reconnect();
        break;
      case 'write':
      case 'think':
      case 'status':
        thread[action.do](action.text);
        break;
      default:
        await thread[action.do]();
    }
  }
}

/** What was read, cut where it starts anew: each part is the log word for word after the position it starts from. */
function check(thread: FrameThread, reader: TailReader): void {
  expect(reader.leaked).toEqual([]);
  const { run, mode } = reader.options;
  const leavesOut = (event: AnyEvent): boolean =>
    (run !== undefined && (!('runId' in event) || event.runId !== run)) || (mode === 'messages' && FINE_GRAINED_EVENTS.has(event.type));
  let part: AnyEvent[] = [];
  let after = reader.options.after;
  const checkPart = (): number => checkReading(thread, { who: JSON.stringify(reader.options), after, events: part, leavesOut });
  for (const event of reader.events) {
    if (event.type !== 'thread.snapshot') {
      part.push(event);
      continue;
    }
    expect(event.seq).toBeGreaterThanOrEqual(checkPart());
    if (run === undefined) checkSnapshot(thread, event);
    part = [];
    after = event.seq;
  }
  const last = checkPart();
  if (run !== undefined && reader.ended) expect(thread.events[last - 1]).toMatchObject({ runId: run, type: /^run\.(completed|failed)$/ });
  else {
    const wanted = thread.events.findLast((event) => !leavesOut(event));
    expect(last).toBeGreaterThanOrEqual(wanted?.seq ?? 0);
  }
}

/** A snapshot is what all events before it come to. */
function checkSnapshot(thread: FrameThread, snapshot: ThreadSnapshot): void {
  const { messages, activeRunId } = thread.events.slice(0, snapshot.seq).reduce(reduceThread, emptyThread);
  expect(snapshot.messages).toEqual(messages.slice(-200));
  expect(snapshot.activeRunId).toBe(activeRunId);
}

test('any mix of joining, filtering, folding, discarding, withdrawing and reconnecting is gap-checkable and equals the log', async () => {
  const steps = fc.array(step, { minLength: 20, maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat({ max: 20 }), async (steps, late) => {
      await using thread = await FrameThread.open();
      await play(thread, [], steps.slice(0, late));
      const readers = [
        thread.read({}),
        thread.read({ mode: 'messages' }),
        thread.read({ run: thread.runId }),
        thread.read({ run: thread.runId, mode: 'messages' }),
        thread.read({ start: 'snapshot' }),
      ];
      await play(thread, readers, steps.slice(late));
      await thread.end();
      for (const each of readers) await each.drain();
      for (const each of readers) check(thread, each);
      for (const each of readers) each.close();
      expect(thread.held).toEqual({ listeners: 0, logs: 0 });
    }),
    { numRuns: 200, interruptAfterTimeLimit: 8_000, endOnFailure: true },
  );
});
