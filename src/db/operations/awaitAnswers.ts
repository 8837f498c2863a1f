import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';

/** Gives a run back: nothing goes on in it until these calls, or the runs under it, have come to an end. */
export function awaitAnswers(tx: Tx, run: RunRow, callIds: readonly string[]): { readonly kind: 'waiting' } {
  tx.append(run.thread, run.key, { type: 'run.waiting', runId: run.id, callIds });
  tx.queries.runs.move(run, 'waiting');
  tx.queries.runs.dropLease(run.key);
  return { kind: 'waiting' };
}
