import type { Tx } from '../groupCommit.ts';
import { appendAudit } from './appendAudit.ts';

/**
 * Gives up a thread that nobody has used since a time: it is nobody's from now on and found by no id, its readers end, and its rows are left to
 * `removeSomeOfThread`. Returns the keys of files whose bytes are still to be removed; undefined when it stays, since a run is open or it
 * was used meanwhile.
 */
export function expireThread(tx: Tx, key: number, idleSince: number): readonly number[] | undefined {
  const { queries } = tx;
  const thread = queries.threads.byKey(key);
  if (thread === undefined || thread.updatedAt >= idleSince || queries.runs.openOfThread(key).length > 0) return undefined;
  queries.memories.removeAll({ scope: 'thread', id: thread.id });
  queries.shares.removeOfThread(key);
  queries.receipts.forgetThread(thread.owner, thread.id);
  const files = queries.files.leaveThread(key, thread.owner);
  queries.threads.giveUp(key);
  tx.endLog(key);
  const details = { owner: thread.owner, reason: 'retention' };
  appendAudit(tx, { actor: 'server', action: 'threads.delete', target: thread.id, outcome: 'ok', details });
  return files;
}

/** Removes some rows of a thread that was given up, and at last the thread. True when there are more. */
export function removeSomeOfThread(tx: Tx, key: number, maxRows: number): boolean {
  const { queries } = tx;
  const thread = queries.threads.byKey(key);
  if (thread === undefined) return false;
  const head = tx.headOf(key);
  if (thread.floor < head) {
    const floor = Math.min(head, thread.floor + maxRows);
    queries.threads.setFloor(key, floor);
    queries.events.removeUpTo(key, floor);
    tx.removedEvents();
    return true;
  }
  if (queries.removal.some(key, maxRows) > 0) return true;
  queries.threads.remove(key);
  return false;
}
