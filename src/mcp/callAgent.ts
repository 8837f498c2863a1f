import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { type RunResult, RunResultFold } from '../client/runResult.ts';
import type { Receipt } from '../protocol/contract.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { McpCaller } from '../server/mcpHost.ts';
import { RunProgress } from './runProgress.ts';

export interface AgentCall {
  readonly agent: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
  readonly caller: McpCaller;
  /** The client wants the run to stop. */
  readonly cancelled: AbortSignal;
  /** Nobody waits for the answer any more, or the server closes. The run goes on. */
  readonly gone: AbortSignal;
  /** `progress` grows with each report. */
  onProgress(report: { readonly progress: number; readonly message: string }): void;
}

/**
 * Sends a message to an agent and answers when its run has ended. Whoever waits is a reader of the run: when they are gone the run goes on, or is
 * cancelled after the grace if the agent says `onDisconnect: 'cancel'`. Throws `SHUTTING_DOWN` when `gone` aborts before the end.
 */
export async function callAgent(call: AgentCall): Promise<CallToolResult> {
  let leave: () => void;
  try {
    leave = call.caller.enterWait();
  } catch (cause) {
    if (cause instanceof VerbatimError) return refusal(cause);
    throw cause;
  }
  try {
    return await sendAndWait(call);
  } finally {
    leave();
  }
}

async function sendAndWait({
  agent,
  arguments: args,
  caller,
  cancelled,
  gone,
  idempotencyKey,
  onProgress,
}: AgentCall): Promise<CallToolResult> {
  let receipt: Receipt;
  try {
    receipt = await caller.send({ agent, text: args.text, threadId: args.threadId, context: args.context, idempotencyKey });
  } catch (cause) {
    if (cause instanceof VerbatimError) return refusal(cause);
    throw cause;
  }
  const { runId, seq } = receipt;
  let cancelling: Promise<void> | undefined;
  const cancel = (): void => {
    // It may have ended or been deleted meanwhile: then there is nothing to cancel.
    cancelling = caller.cancel(runId).catch(() => {});
  };
  if (cancelled.aborted) cancel();
  else cancelled.addEventListener('abort', cancel, { once: true });
  const fold = new RunResultFold(runId);
  const progress = new RunProgress(runId);
  let result: RunResult | undefined;
  try {
    await caller.watch({ runId, after: seq, signal: AbortSignal.any([cancelled, gone]) }, (event) => {
      result = fold.add(event) ?? result;
      const message = progress.add(event);
      if (message !== undefined) onProgress({ progress: event.seq - seq, message });
    });
  } finally {
    cancelled.removeEventListener('abort', cancel);
    await cancelling;
  }
  if (result === undefined) throw new VerbatimError('SHUTTING_DOWN', 'The server is shutting down. The run goes on; ask its thread later.');
  return answerOf(result, receipt);
}

function answerOf(result: RunResult, { threadId, runId }: Receipt): CallToolResult {
  const { status, text, error, outcome = 'complete', output } = result;
  if (status !== 'completed') {
    const problem = error ?? new VerbatimError('CANCELLED', 'The run was cancelled.').info;
    return refusal(problem, { threadId, runId });
  }
  return {
    content: [
      { type: 'text', text },
      // For a model that is shown the content only.
      { type: 'text', text: `threadId: ${threadId}`, annotations: { audience: ['assistant'] } },
    ],
    structuredContent: { text, threadId, runId, outcome, ...(output !== undefined && { output }) },
  };
}

/** A failure that the client's model can act on. */
export function refusal(
  { code, message, retryable, details }: Pick<VerbatimError, 'code' | 'message' | 'retryable'> & { readonly details?: Json | undefined },
  ids: { readonly threadId?: string; readonly runId?: string } = {},
): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${message}` }],
    _meta: { error: { code, message, retryable, ...(details !== undefined && { details }) }, ...ids },
  };
}
