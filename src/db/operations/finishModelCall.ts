import type { DiscardReason, FinishReason, Usage } from '../../protocol/event.ts';
import type { ProviderState } from '../../protocol/providerState.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import { type AskedCall, recordCall } from './recordCall.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import type { StartedMessage } from './startStep.ts';

export interface ModelCallResult {
  readonly run: HeldRun;
  readonly message: StartedMessage;
  readonly text: string;
  readonly reasoning: string;
  readonly finish: FinishReason;
  readonly usage: Usage | undefined;
  readonly providerState?: ProviderState | undefined;
  readonly calls: readonly AskedCall[];
}

/**
 * Makes a model call a fact: its whole text, its usage, and the tool calls it asked for, all or nothing. Returns the child runs that were
 * made for them, which wait for room.
 */
export function finishModelCall(tx: Tx, result: ModelCallResult): readonly RunRow[] {
  const run = heldRun(tx, result.run);
  completeMessage(tx, run, result);
  if (result.providerState !== undefined) tx.queries.messages.setProviderState(result.message.key, result.providerState);
  if (result.usage !== undefined) tx.queries.runs.setUsage(run.key, addUsage(run.usage, result.usage));
  return result.calls.flatMap((call) => recordCall(tx, run, result.message, call));
}

export function completeMessage(
  tx: Tx,
  run: RunRow,
  { message, text, reasoning, finish, usage }: Pick<ModelCallResult, 'message' | 'text' | 'reasoning' | 'finish' | 'usage'>,
): void {
  // Half a surrogate pair cannot be stored in a row, and the log must say the same as the row.
  const whole = text.toWellFormed();
  tx.append(run.thread, run.key, { type: 'message.completed', runId: run.id, messageId: message.id, text: whole, finish });
  tx.queries.messages.complete(message.key, whole, reasoning === '' ? null : reasoning.toWellFormed(), finish);
  tx.queries.steps.finish(message.key, { finish, usage: usage ?? null, endedAt: tx.now });
}

export function discardMessage(tx: Tx, run: RunRow, message: StartedMessage, reason: DiscardReason): void {
  const seq = tx.append(run.thread, run.key, { type: 'message.discarded', runId: run.id, messageId: message.id, reason });
  tx.queries.messages.discard(message.key, seq);
}

/** Sums two usages; what only one of them knows stays. */
export function addUsage(a: Usage, b: Usage): Usage {
  const cached = sum(a.cachedTokens, b.cachedTokens);
  const reasoning = sum(a.reasoningTokens, b.reasoningTokens);
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...(cached !== undefined && { cachedTokens: cached }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    ...((a.estimated === true || b.estimated === true) && { estimated: true }),
  };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}
