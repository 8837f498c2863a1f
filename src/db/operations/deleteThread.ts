import { ownerOf } from '../../protocol/principal.ts';
import type { Tx } from '../groupCommit.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
import { openThread } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { type Command, once } from './command.ts';
import { descendantsOf } from './lineage.ts';

export interface Deleted {
  readonly threadId: string;
  readonly key: number;
  /** Runs that were open: they are gone, whoever works on them must stop. */
  readonly open: readonly RunRow[];
  /** Keys of files that are gone with it, and whose bytes are still to be removed. */
  readonly files: readonly number[];
}

/** Removes a thread and everything in it, for good. Its readers end. */
export function deleteThread(tx: Tx, command: Command, threadId: string): Deleted {
  let key = 0;
  let open: readonly RunRow[] = [];
  let files: readonly number[] = [];
  const { answer } = once(tx, command, () => {
    const { queries } = tx;
    const thread = openThread(tx, command.principal, threadId, 'manage');
    key = thread.key;
    open = queries.runs
      .openOfThread(key)
      .flatMap((run) => [run, ...descendantsOf(queries, run)])
      .filter((run) => isOpen(run.status));
    queries.memories.removeAll({ scope: 'thread', id: threadId });
    queries.summaries.removeOfThread(key);
    queries.steps.removeOfThread(key);
    queries.shares.removeOfThread(key);
    queries.approvals.removeOfThread(key);
    queries.toolCalls.removeOfThread(key);
    queries.messages.removeOfThread(key);
    queries.runs.removeOfThread(key);
    queries.events.removeUpTo(key, Number.MAX_SAFE_INTEGER);
    tx.removedEvents();
    queries.receipts.forgetThread(thread.owner, threadId);
    files = queries.files.leaveThread(key, thread.owner);
    queries.threads.remove(key);
    tx.endLog(key);
    appendAudit(tx, {
      actor: ownerOf(command.principal),
      action: 'threads.delete',
      target: threadId,
      outcome: 'ok',
      origin: command.origin,
      details: { owner: thread.owner },
    });
    return { threadId };
  });
  return { ...answer, key, open, files };
}
