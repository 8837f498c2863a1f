import { setMaxListeners } from 'node:events';
import type { FinishReason } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { ModelAgent } from './agent.ts';
import { callModel } from './callModel.ts';
import { callTool } from './callTool.ts';
import { noMemory } from './memory.ts';
import type { Drive, Driven } from './runWorker.ts';
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
export async function driveModelAgent(agent: ModelAgent, drive: Drive, { again }: { readonly again: boolean }): Promise<Driven> {
  const { store, held, limits } = drive;
  const behind = await store.progress(held);
  const newest = behind.transcript.at(-1);
  const answered = newest?.role === 'assistant' && newest.runId === held.id && newest.toolCalls.length === 0;
  const maxSteps = agent.maxSteps ?? limits.maxSteps;
  // A crash hit between the answer and the end of the run.
  if (answered && !again) return endAfter(newest.finish ?? 'incomplete', { mayContinue: behind.steps < maxSteps });
  await callTools(
    agent,
    drive,
    behind.openCalls.map((call) => ({ callId: call.id, tool: call.tool, input: call.input ?? null })),
  );
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
    // Without a step left, what was steered in becomes a run of its own: the answer is there and must not fail for it.
    if (finish !== undefined) return endAfter(finish, { mayContinue: steps + 1 < maxSteps });
  }
  throw new VerbatimError('STEP_LIMIT', `The run made ${maxSteps} model calls without coming to an end.`, {
    details: { limit: 'maxSteps', max: maxSteps },
  });
}

function isLeaving(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof VerbatimError && signal.reason.code === 'SHUTTING_DOWN';
}

/** Makes the calls of a step at the same time. Each outcome is a fact as soon as it is known. */
async function callTools(agent: ModelAgent, drive: Drive, calls: readonly OpenCall[]): Promise<void> {
  // Each of them listens: Node takes more than ten for a leak.
  setMaxListeners(0, drive.signal);
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
  if (signal.aborted) {
    // The run was stopped between the model's wish and the call.
    if (isLeaving(signal)) return;
    const error = new VerbatimError('CANCELLED', 'The run was stopped before this call began. It was not carried out.').info;
    await store.finishToolCall(held, call.callId, { error });
    return;
  }
  let ended = false;
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
      agent: run.agent,
      memory: noMemory,
      principal: run.principal,
      context: run.context ?? undefined,
      progress(data) {
        const parsed = tool.parseProgress(data);
        if (!parsed.ok) throw new TypeError(`The progress of tool ${tool.name} does not fit its schema: ${parsed.issues}`);
        if (!signal.aborted && !ended) status.progress(call.callId, tool.name, parsed.value as Json, limits.maxToolOutputBytes);
      },
      status(text) {
        if (!signal.aborted && !ended) status.status(text);
      },
    },
  });
  // A tool that outlives its time may go on talking.
  ended = true;
  // Stopped by a closing server, it has not failed: what came of it is decided at the next start.
  if ('error' in outcome && isLeaving(signal)) return;
  status.flush(call.callId);
  await store.finishToolCall(held, call.callId, outcome);
}

function endAfter(finish: FinishReason, { mayContinue }: { readonly mayContinue: boolean }): Driven {
  const outcome = finish === 'length' || finish === 'incomplete' ? 'partial' : 'complete';
  return { end: { status: 'completed', outcome }, mayContinue };
}
