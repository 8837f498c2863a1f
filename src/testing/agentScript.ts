import type { AgentContext } from '../agents/agent.ts';
import type { UncheckedAgentEvent } from '../agents/agentEvent.ts';
import { handoffToolName } from '../agents/handoff.ts';
import type { ModelCallOptions, ModelRequest } from '../agents/model.ts';
import type { RouteChoice, RouteInput } from '../agents/router.ts';
import type { Json } from '../protocol/json.ts';
import type { AnyScript, AnyTurn } from './contractScript.ts';
import type { ScriptedCalls } from './scriptedCalls.ts';
import { type ScriptedModel, type ScriptedModelTurn, scriptedModel } from './scriptedModel.ts';

/** The script of one agent as a model, and what each of its calls said besides. */
export class AgentScript {
  readonly model: ScriptedModel;
  readonly calls: ScriptedCalls;
  readonly #turns = new WeakMap<ModelRequest, AnyTurn>();

  constructor(agent: string, script: AnyScript, calls: ScriptedCalls) {
    this.calls = calls;
    const steps = script.map((step) => async (request: ModelRequest, { caller }: ModelCallOptions): Promise<ScriptedModelTurn> => {
      const turn = typeof step === 'function' ? await step(request) : step;
      this.#turns.set(request, turn);
      calls.add({ agent, runId: caller?.runId ?? '' }, turn.toolCalls ?? []);
      return modelTurn(turn);
    });
    this.model = scriptedModel(steps, { name: agent });
  }

  turnOf(request: ModelRequest): AnyTurn {
    return this.#turns.get(request) ?? {};
  }

  /** Of a router: the next choice, or none when the script has come to its end. */
  async route({ messages, signal }: RouteInput): Promise<RouteChoice | undefined> {
    const request: ModelRequest = { instructions: '', messages, tools: [], options: {} };
    for await (const _ of this.model.stream(request, { signal }));
    const { to, reason = 'scripted' } = this.turnOf(request);
    return to === undefined ? undefined : { to, reason };
  }
}

function modelTurn({ output, data: _, to: __, reason: ___, handoff, toolCalls = [], ...turn }: AnyTurn): ScriptedModelTurn {
  const made = toolCalls.map(({ name, input }) => ({ name, input: input as Json }));
  if (handoff !== undefined) {
    const { to, reason } = typeof handoff === 'string' ? { to: handoff } : handoff;
    made.push({ name: handoffToolName(to), input: reason === undefined ? {} : { reason } });
  }
  return {
    ...turn,
    ...(output !== undefined && { text: JSON.stringify(output) }),
    ...(made.length > 0 && { toolCalls: made }),
  };
}

/** A custom agent of the contract plays its script by itself, to the first turn without tool calls. */
export async function* play(agent: string, context: AgentContext, script: AgentScript): AsyncGenerator<UncheckedAgentEvent> {
  for (let turnNumber = 1; ; turnNumber += 1) {
    const request: ModelRequest = { instructions: '', messages: context.messages, tools: [], options: context.options };
    const caller = { principalId: context.principal.id, threadId: context.threadId, runId: context.runId };
    let isLast = true;
    let isBegun = false;
    for await (const chunk of script.model.stream(request, { signal: context.signal, caller })) {
      const { data = [], toolCalls = [] } = script.turnOf(request);
      if (!isBegun) for (const part of data) yield { type: 'data', name: part.name, data: part.data };
      isBegun = true;
      if (chunk.type === 'text') yield { type: 'text.delta', delta: chunk.delta };
      if (chunk.type === 'reasoning') yield { type: 'reasoning.delta', delta: chunk.delta };
      if (chunk.type !== 'finish') continue;
      isLast = toolCalls.length === 0;
      for (const [i, call] of toolCalls.entries()) {
        const callId = `${turnNumber}.${i}`;
        yield { type: 'tool.called', callId, tool: call.name, input: call.input };
        for (const progress of call.progress ?? []) yield { type: 'tool.progress', callId, data: progress };
        if (call.error !== undefined) yield { type: 'tool.failed', callId, error: { message: call.error } };
        else
          yield {
            type: 'tool.completed',
            callId,
            output: script.calls.take({ agent, runId: context.runId }, call.name, call.input).output,
          };
      }
    }
    if (isLast) return;
  }
}
