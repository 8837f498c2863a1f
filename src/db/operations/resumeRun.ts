import type { ResumeReason } from '../../protocol/event.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import { discardMessage } from './finishModelCall.ts';
import { endRun, type RunEnded } from './finishRun.ts';
import { OUTCOME_UNKNOWN, recordOutcome } from './finishToolCall.ts';

export interface ResumeInput {
  readonly run: number;
  readonly lease: string;
  readonly reason: ResumeReason;
  readonly maxAttempts: number;
}

export type Resumed =
  | { readonly resumed: RunRow }
  /** It had no attempt left, or was to be cancelled: it has ended. */
  | ({ readonly ended: true } & RunEnded)
  /** It had ended before. */
  | undefined;

/**
 * Takes over a run whose worker is gone. Its unfinished text is withdrawn; calls whose outcome nobody knows are failed as such, unless the
 * tool says that it may be called again. What had finished stays, and is not asked again.
 */
export function resumeRun(tx: Tx, input: ResumeInput): Resumed {
  const run = tx.queries.runs.byKey(input.run);
  if (run === undefined || (run.status !== 'running' && run.status !== 'waiting')) return undefined;
  if (run.cancelBy !== null) return { ended: true, ...endRun(tx, run, { status: 'cancelled', by: run.cancelBy }) };
  for (const message of tx.queries.messages.ofRun(run.key)) {
    if (message.status === 'streaming') discardMessage(tx, run, message, 'interrupted');
  }
  for (const call of tx.queries.toolCalls.running(run.key)) {
    if (!call.idempotent) recordOutcome(tx, run, call, { error: OUTCOME_UNKNOWN });
  }
  if (run.attempt >= input.maxAttempts) {
    const message = `This run was interrupted ${run.attempt} times and has been given up. Send the message again.`;
    return { ended: true, ...endRun(tx, run, { status: 'failed', error: { code: 'INTERRUPTED', message, retryable: true } }) };
  }
  const attempt = run.attempt + 1;
  tx.queries.runs.start(run, { attempt, lease: input.lease, now: tx.now });
  tx.append(run.thread, run.key, { type: 'run.resumed', runId: run.id, attempt, reason: input.reason });
  return { resumed: { ...run, status: 'running', attempt, lease: input.lease } };
}
