import type { RunEnd } from '../db/operations/finishRun.ts';
import type { FinishReason } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { callModel } from './callModel.ts';
import { callTool } from './callTool.ts';
import type { ModelAgent } from './defineAgent.ts';
import type { Drive } from './runWorker.ts';
import { withTimeout } from './withTimeout.ts';

/** A call to make: one the model just asked for, or one that a crash left open and that may be made again. */
interface OpenCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: Json;
}

/**
 * The loop of a model agent: a model call, the tools it asked for, and again, until it asks for none. Goes on from what the run has behind
 * it: what has finished is never asked again. `again` demands another step of a run whose answer is finished.
 */
export async function driveModelAgent(agent: ModelAgent, drive: Drive, { again }: { readonly again: boolean }): Promise<RunEnd> {
  const { store, held, limits } = drive;
  const behind = await store.progress(held);
  const newest = behind.transcript.at(-1);
  const answered = newest?.role === 'assistant' && newest.runId === held.id && newest.toolCalls.length === 0;
  // A crash hit between the answer and the end of the run.
  if (answered && !again) return endAfter(newest.finish ?? 'incomplete');
  await callTools(
    agent,
    drive,
    behind.openCalls.map((call) => ({ callId: call.id, tool: call.tool, input: call.input ?? null })),
  );
  const maxSteps = agent.maxSteps ?? limits.maxSteps;
  const timeoutMs = agent.stepTimeoutMs ?? limits.stepTimeoutMs;
  for (let steps = behind.steps; steps < maxSteps; steps++) {
    const finish = await withTimeout(drive, { timeoutMs, code: 'STEP_TIMEOUT', what: 'A step of the run' }, async (signal) => {
      const result = await callModel(agent, { ...drive, signal });
      if (result.calls.length === 0) return result.finish;
      await callTools(
        agent,
        { ...drive, signal },
        result.calls.flatMap((call) => ('input' in call ? [call] : [])),
      );
      return undefined;
    });
    if (finish !== undefined) return endAfter(finish);
  }
  throw new VerbatimError('STEP_LIMIT', `The run made ${maxSteps} model calls without coming to an end.`, {
    details: { limit: 'maxSteps', max: maxSteps },
  });
}

/** Makes the calls of a step at the same time. Each outcome is a fact as soon as it is known. */
async function callTools(agent: ModelAgent, drive: Drive, calls: readonly OpenCall[]): Promise<void> {
  await Promise.all(calls.map((call) => callOne(agent, drive, call)));
  drive.signal.throwIfAborted();
}

async function callOne(agent: ModelAgent, drive: Drive, call: OpenCall): Promise<void> {
  const { store, held, run, status, limits, clock, signal, threadId } = drive;
  const tool = agent.tools.find((candidate) => candidate.name === call.tool);
  if (tool === undefined) {
    const error = new VerbatimError('TOOL_NOT_FOUND', 'This tool is no longer there.').info;
    await store.finishToolCall(held, call.callId, { error });
    return;
  }
  const outcome = await callTool(tool, {
    input: call.input,
    signal,
    clock,
    timeoutMs: tool.timeoutMs ?? limits.toolTimeoutMs,
    maxOutputBytes: limits.maxToolOutputBytes,
    context: {
      callId: call.callId,
      runId: run.id,
      threadId,
      principal: run.principal,
      context: run.context ?? undefined,
      progress(data) {
        const parsed = tool.parseProgress(data);
        if (!parsed.ok) throw new TypeError(`The progress of tool ${tool.name} does not fit its schema: ${parsed.issues}`);
        if (!signal.aborted) status.progress(call.callId, tool.name, parsed.value as Json, limits.maxToolOutputBytes);
      },
      status(text) {
        if (!signal.aborted) status.status(text);
      },
    },
  });
  status.flush(call.callId);
  await store.finishToolCall(held, call.callId, outcome);
}

function endAfter(finish: FinishReason): RunEnd {
  return { status: 'completed', outcome: finish === 'length' || finish === 'incomplete' ? 'partial' : 'complete' };
}
