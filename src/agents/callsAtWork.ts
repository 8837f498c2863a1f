import { setMaxListeners } from 'node:events';
import type { ToolOutcome } from '../db/operations/finishToolCall.ts';
import type { AskedCall } from '../db/operations/recordCall.ts';
import type { ReadyCall } from '../db/operations/settleCalls.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { principalFor, startOf } from './callPlan.ts';
import { callTool } from './callTool.ts';
import type { AnyTool } from './defineTool.ts';
import { textsIn } from './observedCall.ts';
import { type RunAgent, toolsOf, usableTools } from './runAgent.ts';
import type { Drive } from './runWorker.ts';

/** A call to carry out. `agent` asked for it, where that may not be the one that speaks now. */
interface OpenCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: Json;
  readonly agent?: string | undefined;
}

/** The tool calls of a step, or those that a crash or a wait left: carried out at the same time, each outcome a fact as soon as it is known. */
export class CallsAtWork {
  readonly #drive: Drive;
  readonly #by: RunAgent;
  readonly #atWork = new Set<Promise<void>>();
  readonly #begun = new Set<string>();

  constructor(drive: Drive, by: RunAgent) {
    this.#drive = drive;
    this.#by = by;
    // Each call listens: Node takes more than ten for a leak.
    setMaxListeners(0, drive.signal);
  }

  /**
   * Carries out what can be, also what is let through meanwhile. `done` when every call of the run has its outcome; `waiting` when the rest
   * is up to others, and the run has been given back. Throws `AGENT_CHANGED` for a call that a deploy has taken the ground from, and
   * `REPEATED_FAILURE`.
   */
  async settle(calls: readonly (AskedCall | ReadyCall)[]): Promise<'done' | 'waiting'> {
    const { store, held, signal, nudges } = this.#drive;
    for (const call of calls) {
      const open = openCallOf(call);
      if (open !== undefined) this.#start(() => this.#carryOut(open));
    }
    // A remembered decision has let them through already, or one that came before a crash.
    for (const call of await store.readyCalls(held)) this.#begin(call);
    for (;;) {
      if (this.#atWork.size > 0) {
        const first = await Promise.race([Promise.all(this.#atWork), nudges.next()]);
        if (first === 'nudged') for (const call of await store.readyCalls(held)) this.#begin(call);
        continue;
      }
      signal.throwIfAborted();
      const settled = await store.settleCalls(held);
      if (settled.kind === 'waiting') return 'waiting';
      if (settled.kind === 'ready') {
        for (const call of settled.calls) this.#begin(call);
        continue;
      }
      this.#assertProgress(settled.failures);
      return 'done';
    }
  }

  #start(work: () => Promise<void>): void {
    // What failed stays: whoever waits for all of them hears of it, though it looks away meanwhile.
    const promise = work().then(() => void this.#atWork.delete(promise));
    promise.catch(() => {});
    this.#atWork.add(promise);
  }

  /** A call that was let through: with what a person made of its input, by the tools as they are now. */
  #begin(call: ReadyCall): void {
    if (this.#begun.has(call.id)) return;
    this.#begun.add(call.id);
    this.#start(() => this.#beginReady(call));
  }

  async #beginReady(row: ReadyCall): Promise<void> {
    const { store, held, spawned, signal } = this.#drive;
    // It stays ready: whoever ends the run, or takes it up again, decides about it.
    if (signal.aborted) return;
    const input = row.editedInput ?? row.input ?? null;
    const { by, tool } = await this.#find(row.agent ?? undefined, row.tool);
    const parsed = tool.parseInput(input);
    if (!parsed.ok) {
      throw new VerbatimError('AGENT_CHANGED', `The tool ${row.tool} does not take the input of an open call any more: ${parsed.issues}.`);
    }
    const start = startOf(this.#drive, by, tool, input);
    const children = await store.beginReady(held, row.id, start);
    spawned(children);
    if (start.kind === 'execute') await this.#call(by, tool, { callId: row.id, tool: row.tool, input });
  }

  async #carryOut(call: OpenCall): Promise<void> {
    const { by, tool } = await this.#find(call.agent, call.tool);
    await this.#call(by, tool, call);
  }

  /** The tool of the agent that asked for the call. Throws `AGENT_CHANGED`, naming what is gone. */
  async #find(name: string | undefined, toolName: string): Promise<{ readonly by: RunAgent; readonly tool: AnyTool }> {
    const by = name === undefined || name === this.#by.name ? this.#by : await this.#other(name);
    const tool = by.tools.find((candidate) => candidate.name === toolName);
    if (tool === undefined) throw new VerbatimError('AGENT_CHANGED', `The tool ${toolName} of an open call is no longer there.`);
    return { by, tool };
  }

  async #other(name: string): Promise<RunAgent> {
    const { registry, contexts } = this.#drive;
    const agent = registry.get(name);
    if (agent?.kind !== 'model')
      throw new VerbatimError('AGENT_CHANGED', `The agent ${name}, which asked for an open call, is no longer there.`);
    const inputs = await contexts.of(agent);
    return { name, agent, inputs, tools: usableTools(this.#drive, name, await toolsOf(agent, inputs)) };
  }

  async #call(by: RunAgent, tool: AnyTool, call: OpenCall): Promise<void> {
    const { store, files, held, run, status, limits, clock, signal, threadId, toolHost, logFailure } = this.#drive;
    if (signal.aborted) {
      // The run was stopped between the model's wish and the call.
      if (isLeaving(signal)) return;
      const error = new VerbatimError('CANCELLED', 'The run was stopped before this call began. It was not carried out.').info;
      await store.finishToolCall(held, call.callId, { error });
      return;
    }
    let ended = false;
    const outcome = await this.#observed(by, call, () =>
      callTool(tool, {
        input: call.input,
        signal,
        clock,
        host: toolHost,
        sent: run.context ?? undefined,
        timeoutMs: tool.timeoutMs ?? limits.toolTimeoutMs,
        graceMs: limits.cancelGraceMs,
        keep: { files, thread: held.thread, limits },
        onFault: (cause) =>
          logFailure({ runId: run.id, cause, what: 'a tool failed', tool: tool.name, content: () => textsIn(call.input) }),
        context: {
          callId: call.callId,
          runId: run.id,
          threadId,
          agent: by.name,
          principal: principalFor(this.#drive, by, tool),
          context: by.inputs.context,
          memory: by.inputs.memory,
          progress(data) {
            const parsed = tool.parseProgress(data);
            if (!parsed.ok) throw new TypeError(`The progress of tool ${tool.name} does not fit its schema: ${parsed.issues}`);
            if (!signal.aborted && !ended) status.progress(call.callId, tool.name, parsed.value as Json, limits.maxToolOutputBytes);
          },
          status(text) {
            if (!signal.aborted && !ended) status.status(text);
          },
        },
      }),
    );
    // A tool that outlives its time may go on talking.
    ended = true;
    // Stopped by a closing server, it has not failed: what came of it is decided at the next start.
    if ('error' in outcome && isLeaving(signal)) return;
    status.flush(call.callId);
    await store.finishToolCall(held, call.callId, outcome);
  }

  #observed(by: RunAgent, { tool, callId }: OpenCall, perform: () => Promise<ToolOutcome>): Promise<ToolOutcome> {
    const { observer, run } = this.#drive;
    const beganMs = performance.now();
    return observer.within({ kind: 'tool', runId: run.id, agent: by.name, tool, callId }, async (span) => {
      const outcome = await perform();
      const code = 'error' in outcome ? outcome.error.code : undefined;
      if (code !== undefined) span.fail(code);
      observer.toolCalled({ tool, ms: performance.now() - beganMs, code });
      return outcome;
    });
  }

  #assertProgress({ most, tool }: { readonly most: number; readonly tool: string }): void {
    const { maxIdenticalFailures } = this.#drive.limits;
    if (most < maxIdenticalFailures) return;
    throw new VerbatimError('REPEATED_FAILURE', `The same call of the tool ${tool} failed ${most} times.`, {
      details: { limit: 'maxIdenticalFailures', max: maxIdenticalFailures, tool },
    });
  }
}

/** What the worker itself carries out of what a model asked for, or of what a crash left. */
function openCallOf(call: AskedCall | ReadyCall): OpenCall | undefined {
  if ('id' in call)
    return { callId: call.id, tool: call.tool, input: call.editedInput ?? call.input ?? null, agent: call.agent ?? undefined };
  if (!('input' in call) || call.approval !== undefined || (call.start !== undefined && call.start.kind !== 'execute')) return undefined;
  return call;
}

function isLeaving(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof VerbatimError && signal.reason.code === 'SHUTTING_DOWN';
}
