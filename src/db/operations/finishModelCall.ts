import type { DiscardReason, FinishReason, Usage } from '../../protocol/event.ts';
import type { ProviderState } from '../../protocol/providerState.ts';
import { type Prices, priced, priceOf, usageOfModel } from '../../protocol/usage.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import { type AskedCall, recordCall } from './recordCall.ts';
import { spendUsage } from './spendUsage.ts';
import { type HeldRun, heldRun } from './startRun.ts';
import type { StartedMessage } from './startStep.ts';

export interface ModelCallResult {
  readonly run: HeldRun;
  readonly message: StartedMessage;
  readonly text: string;
  readonly reasoning: string;
  readonly finish: FinishReason;
  readonly usage: Usage | undefined;
  /** The model that answered, where that is not the one the step was begun with. */
  readonly model?: string | undefined;
  readonly providerState?: ProviderState | undefined;
  readonly calls: readonly AskedCall[];
}

/**
 * Makes a model call a fact: its whole text, its usage and cost, and the tool calls it asked for, all or nothing. Returns the child runs that
 * were made for them, which wait for room.
 */
export function finishModelCall(tx: Tx, result: ModelCallResult, prices?: Prices): readonly RunRow[] {
  const run = heldRun(tx, result.run);
  const model = result.model ?? tx.queries.steps.modelOf(result.message.key);
  const usage = result.usage === undefined || model === undefined ? undefined : priced(result.usage, priceOf(prices, model));
  completeMessage(tx, run, { ...result, usage });
  if (result.providerState !== undefined) tx.queries.messages.setProviderState(result.message.key, result.providerState);
  if (usage !== undefined && model !== undefined) spendUsage(tx, run, usageOfModel(model, usage));
  return result.calls.flatMap((call) => recordCall(tx, run, result.message, call));
}

export function completeMessage(
  tx: Tx,
  run: RunRow,
  {
    message,
    text,
    reasoning,
    finish,
    usage,
    model,
  }: Pick<ModelCallResult, 'message' | 'text' | 'reasoning' | 'finish' | 'usage' | 'model'>,
): void {
  // Half a surrogate pair cannot be stored in a row, and the log must say the same as the row.
  const whole = text.toWellFormed();
  tx.append(run.thread, run.key, { type: 'message.completed', runId: run.id, messageId: message.id, text: whole, finish });
  tx.queries.messages.complete(message.key, whole, reasoning === '' ? null : reasoning.toWellFormed(), finish);
  tx.queries.steps.finish(message.key, { finish, model: model ?? null, usage: usage ?? null, endedAt: tx.now });
}

export function discardMessage(tx: Tx, run: RunRow, message: StartedMessage, reason: DiscardReason): void {
  const seq = tx.append(run.thread, run.key, { type: 'message.discarded', runId: run.id, messageId: message.id, reason });
  tx.queries.messages.discard(message.key, seq);
}
