import type { Tx } from '../groupCommit.ts';

/**
 * Folds what ended before a time: the events of those runs go, their messages stay, and the thread's floor rises to the last position that
 * only they stand below: at most by so many positions. Returns the new floor.
 */
export function foldThread(tx: Tx, key: number, endedBefore: number, maxEvents = Number.POSITIVE_INFINITY): number {
  const { queries } = tx;
  const thread = queries.threads.byKey(key);
  if (thread === undefined) return 0;
  const keep = queries.runs.firstUnfoldable(key, endedBefore);
  const floor = Math.min(thread.floor + maxEvents, keep === undefined ? tx.headOf(key) : keep - 1);
  if (floor <= thread.floor) return thread.floor;
  queries.threads.setFloor(key, floor);
  queries.events.removeUpTo(key, floor);
  tx.removedEvents();
  return floor;
}
