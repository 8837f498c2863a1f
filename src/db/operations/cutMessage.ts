import type { Tx } from '../groupCommit.ts';
import { discardMessage } from './finishModelCall.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import type { StartedMessage } from './startStep.ts';

/** Withdraws what was said of a model call that broke off: it is made again, by another attempt at the run. */
export function cutMessage(tx: Tx, held: HeldRun, message: StartedMessage): HeldRun {
  const run = heldRun(tx, held);
  discardMessage(tx, run, message, 'stream_cut');
  const attempt = run.attempt + 1;
  tx.queries.runs.setAttempt(run.key, attempt);
  tx.append(run.thread, run.key, { type: 'run.resumed', runId: run.id, attempt, reason: 'stream_cut' });
  return { ...held, attempt };
}
