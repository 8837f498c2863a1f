import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import type { FileRef } from '../../protocol/file.ts';
import type { Json } from '../../protocol/json.ts';
import type { Tx } from '../groupCommit.ts';
import type { RunRow } from '../runs.ts';
import type { ToolCallRow } from '../toolCalls.ts';
import { type HeldRun, heldRun } from './startRun.ts';

export type ToolOutcome =
  | { readonly output: Json }
  /** A sealed file, which the event makes complete. */
  | { readonly file: FileRef; readonly preview: string }
  | { readonly error: ErrorInfo };

/** Records the outcome of a call. The first one counts: false when there was one already, and nothing is written. */
export function finishToolCall(tx: Tx, held: HeldRun, callId: string, outcome: ToolOutcome): boolean {
  const run = heldRun(tx, held);
  const call = tx.queries.toolCalls.byId(callId);
  if (call === undefined || call.run !== run.key || call.status !== 'running') return false;
  recordOutcome(tx, run, call, outcome);
  return true;
}

export function recordOutcome(tx: Tx, run: RunRow, call: ToolCallRow, outcome: ToolOutcome): void {
  const base = { runId: run.id, callId: call.id, tool: call.tool };
  if ('output' in outcome) {
    const seq = tx.append(run.thread, run.key, { type: 'tool.completed', ...base, output: outcome.output });
    tx.queries.toolCalls.finish(call.key, { status: 'completed', output: outcome.output }, seq);
  } else if ('file' in outcome) {
    const { file, preview } = outcome;
    if (!tx.queries.files.complete(file.id)) throw new Error(`The file ${file.id} of call ${call.id} is not sealed`);
    const seq = tx.append(run.thread, run.key, { type: 'tool.file', ...base, file, preview });
    tx.queries.toolCalls.finish(call.key, { status: 'completed', output: preview, file }, seq);
  } else {
    const seq = tx.append(run.thread, run.key, { type: 'tool.failed', ...base, error: outcome.error });
    tx.queries.toolCalls.finish(call.key, { status: 'failed', error: outcome.error }, seq);
  }
}

/** What is said of a call whose end nobody saw. */
export const OUTCOME_UNKNOWN: ErrorInfo = {
  code: 'OUTCOME_UNKNOWN',
  message: 'It is not known whether this call was carried out. Check before doing it again.',
  retryable: false,
};

/** What a model is told of a call that a person did not let through. */
export function rejection(reason: string | null | undefined): ToolOutcome {
  const why = reason === null || reason === undefined || reason === '' ? '' : ` They said: ${reason}`;
  return {
    error: { code: 'TOOL_REJECTED', message: `A person did not let this call through. It was not carried out.${why}`, retryable: false },
  };
}
