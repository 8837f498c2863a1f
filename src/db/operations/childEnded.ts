import type { Json } from '../../protocol/json.ts';
import { addUsage } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import type { Queries } from '../queries.ts';
import { isOpen } from '../runStatus.ts';
import type { RunRow } from '../runs.ts';
import { recordOutcome, type ToolOutcome } from './finishToolCall.ts';
import { workUnder } from './lineage.ts';

/** Text of a child that its parent's model is given, in UTF-16 units. All of it is in the child's own messages. */
const MAX_ANSWER = 32 * 1024;

/**
 * A run has ended: its usage counts for its parent, and the call that asked for it has its outcome once all that it asked have ended. Returns
 * the parent when that waited, and has something to do now.
 */
export function childEnded(tx: Tx, key: number): RunRow | undefined {
  const { queries } = tx;
  const child = queries.runs.byKey(key);
  const parent = child?.parent == null ? undefined : queries.runs.byKey(child.parent);
  if (child === undefined || parent === undefined || !isOpen(parent.status)) return undefined;
  queries.runs.setUsage(parent.key, addUsage(parent.usage, child.usage));
  const siblings = queries.runs.children(parent.key).filter((run) => run.parentCallId === child.parentCallId);
  if (siblings.some((run) => isOpen(run.status))) return undefined;
  const call = child.parentCallId === null ? undefined : queries.toolCalls.byId(child.parentCallId);
  if (call?.status === 'waiting')
    recordOutcome(tx, parent, call, outcomeOf(queries, call.waitsFor === 'agents' ? siblings : [child], call.waitsFor === 'agents'));
  return toWake(queries, parent.key);
}

/** A waiting run that has something to do: a call to carry out, none left to wait for, or to end because it was cancelled. */
export function toWake(queries: Queries, key: number): RunRow | undefined {
  const run = queries.runs.byKey(key);
  if (run?.status !== 'waiting') return undefined;
  if (run.cancelBy !== null) return workUnder(queries, run).length > 0 ? undefined : run;
  if (run.agents !== null) return queries.runs.children(key).some((child) => isOpen(child.status)) ? undefined : run;
  const open = queries.toolCalls.open(key);
  return open.length === 0 || open.some((call) => call.status === 'ready') ? run : undefined;
}

function outcomeOf(queries: Queries, children: readonly RunRow[], many: boolean): ToolOutcome {
  const [only] = children;
  if (!many && only !== undefined) {
    if (only.status === 'completed') return { output: answerOf(queries, only) };
    if (only.status === 'cancelled')
      return { error: { code: 'CANCELLED', message: `The agent ${only.agent} was stopped before it answered.`, retryable: false } };
    return { error: { code: 'CHILD_FAILED', message: failureOf(only), retryable: false } };
  }
  if (children.every((child) => child.status !== 'completed')) {
    return { error: { code: 'CHILD_FAILED', message: children.map(failureOf).join(' '), retryable: false } };
  }
  const results = children.map((child): Json => {
    const { id: runId, agent, status } = child;
    if (status === 'completed') return { agent, runId, status, answer: answerOf(queries, child) };
    return { agent, runId, status, error: failureOf(child) };
  });
  return { output: { results } };
}

/** What a run came to: its output, or the text of its last message that has any. */
export function answerOf(queries: Queries, run: RunRow): Json {
  if (run.output !== null) return run.output;
  const said = queries.messages.ofRun(run.key).filter((message) => message.role === 'assistant' && message.status === 'complete');
  const text = said.findLast((message) => message.text !== '')?.text ?? '';
  return text.length > MAX_ANSWER ? `${text.slice(0, MAX_ANSWER).toWellFormed()} [cut: ${text.length} characters in all]` : text;
}

function failureOf(run: RunRow): string {
  return run.status === 'cancelled'
    ? `The agent ${run.agent} was stopped.`
    : `The agent ${run.agent} failed: ${run.error?.message ?? 'no reason is known.'}`;
}
