import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import { toWake } from './childEnded.ts';
import { recordOutcome } from './finishToolCall.ts';

/** Gives up calls that waited too long for a person or a client. Returns the runs that have something to do now. */
export function expireCalls(tx: Tx): readonly RunRow[] {
  const { queries } = tx;
  const runs = new Set<number>();
  for (const call of queries.toolCalls.expired(tx.now)) {
    const run = call.run === null ? undefined : queries.runs.byKey(call.run);
    if (run === undefined) continue;
    const approval = queries.approvals.ofCall(call.key);
    if (approval?.status === 'pending') {
      const reason = 'expired';
      queries.approvals.decide(approval.key, { status: 'expired', decidedAt: tx.now, by: 'server', reason, remember: null });
      const of = { runId: run.id, callId: call.id, tool: call.tool };
      tx.append(run.thread, run.key, { type: 'approval.resolved', ...of, decision: 'expired', by: 'server', reason });
    }
    const message =
      approval?.status === 'pending'
        ? 'Nobody decided about this call in time. It was not carried out.'
        : 'The client did not answer in time. It is not known whether the call was carried out.';
    recordOutcome(tx, run, call, { error: { code: 'TOOL_EXPIRED', message, retryable: false } });
    runs.add(run.key);
  }
  return [...runs].flatMap((key) => toWake(queries, key) ?? []);
}
