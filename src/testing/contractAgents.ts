import { z } from 'zod';
import type { Agent, AgentContext, Agents } from '../agents/agent.ts';
import type { UncheckedAgentEvent } from '../agents/agentEvent.ts';
import type { Contract, ContractAgent, ContractTool } from '../agents/contractOf.ts';
import { defineAgent } from '../agents/defineAgent.ts';
import { defineTool, type Tool } from '../agents/defineTool.ts';
import type { Model, ModelRequest } from '../agents/model.ts';
import type { Parsed } from '../agents/schema.ts';
import { checkJson } from '../client/checkJson.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { AnyCall, AnyScript, AnyTurn } from './contractScript.ts';
import { type Caller, ScriptedCalls } from './scriptedCalls.ts';
import { type ScriptedModel, type ScriptedModelTurn, scriptedModel } from './scriptedModel.ts';

export interface ContractAgents {
  readonly agents: Agents;
  /** Throws when steps are left over, and names them. */
  assertDone(): void;
}

/** Agents that are to a client what those of the contract are: the same names, schemas and kinds of tools. What they say is scripted. */
export function contractAgents(contract: Contract, scripts: { readonly [agent: string]: AnyScript | undefined }): ContractAgents {
  for (const name of Object.keys(scripts)) {
    if (!Object.hasOwn(contract.agents, name)) {
      throw new TypeError(`The contract has no agent ${name}. It has: ${Object.keys(contract.agents).join(', ')}.`);
    }
  }
  const calls = new ScriptedCalls();
  const agents: Record<string, Agent> = {};
  const models: ScriptedModel[] = [];
  for (const [name, agent] of Object.entries(contract.agents)) {
    const script = new AgentScript(name, scripts[name] ?? [], calls);
    models.push(script.model);
    agents[name] = agentOf(name, agent, script, agents);
  }
  return {
    agents,
    assertDone() {
      for (const model of models) model.assertDone();
    },
  };
}

/** The script of one agent as a model, and what each of its calls said besides. */
class AgentScript {
  readonly model: ScriptedModel;
  readonly calls: ScriptedCalls;
  readonly #turns = new WeakMap<ModelRequest, AnyTurn>();

  constructor(agent: string, script: AnyScript, calls: ScriptedCalls) {
    this.calls = calls;
    const steps = script.map(
      (step) =>
        async (request: ModelRequest, { caller }: Parameters<Model['stream']>[1]): Promise<ScriptedModelTurn> => {
          const turn = typeof step === 'function' ? await step(request) : (step as AnyTurn);
          this.#turns.set(request, turn);
          calls.add({ agent, runId: caller?.runId ?? '' }, turn.toolCalls ?? []);
          return modelTurn(turn);
        },
    );
    this.model = scriptedModel(steps, { name: agent });
  }

  turnOf(request: ModelRequest): AnyTurn {
    return this.#turns.get(request) ?? {};
  }
}

function modelTurn({ output, data: _, handoff, toolCalls = [], ...turn }: AnyTurn): ScriptedModelTurn {
  const made = toolCalls.map(({ name, input }) => ({ name, input: input as Json }));
  return {
    ...turn,
    ...(output !== undefined && { text: JSON.stringify(output) }),
    ...(made.length > 0 && { toolCalls: made }),
  };
}

function agentOf(name: string, contract: ContractAgent, script: AgentScript, agents: Agents): Agent {
  const tools = Object.entries(contract.tools).map(([tool, toolContract]) => toolOf(tool, toolContract, script.calls));
  const { context, contextOptional, output } = contract;
  const schemas = {
    contextSchema: context,
    outputSchema: output,
    dataSchemas: contract.data,
    ...(context !== undefined && {
      parseContext: (value: unknown): Parsed => (value === undefined && contextOptional ? { ok: true, value } : parse(context, value)),
    }),
  };
  if (contract.kind === 'custom') {
    const agent = defineAgent({ description: contract.description, tools, run: (run) => play(name, run, script) as never });
    const parseData = (part: string, value: unknown): Parsed => {
      const schema = contract.data[part];
      return schema === undefined ? { ok: false, issues: `the contract has no data part ${part}` } : parse(schema, value);
    };
    return { ...agent, ...schemas, parseData } as Agent;
  }
  const handoffs = (): readonly Agent[] => (contract.others ?? []).flatMap((other) => agents[other] ?? []);
  const agent = defineAgent({ description: contract.description, model: script.model, tools, handoffs });
  return { ...agent, ...schemas, ...(output !== undefined && { parseOutput: (value: unknown) => parse(output, value) }) } as Agent;
}

/** Their own schemas take the place of these. */
const anyJson: z.ZodType<Json, Json> = z.json();
const anyObject = z.record(z.string(), anyJson);

function toolOf(name: string, contract: ContractTool, calls: ScriptedCalls): Tool {
  const { description, input, output, progress, approval } = contract;
  const common = { name, description, input: anyObject, output: anyJson };
  const tool =
    contract.kind === 'client'
      ? defineTool(common)
      : defineTool({
          ...common,
          execute: (given, context) => carryOut(calls.take(context, name, given), (data) => context.progress(data)),
        });
  return {
    ...tool,
    mayAsk: approval ?? false,
    inputSchema: input,
    outputSchema: output,
    progressSchema: progress,
    needsApproval: async (given, context) => (approval ? calls.question(context as Caller, name, given) : undefined),
    parseInput: (value) => parse(input, value),
    parseOutput: (value) => parse(output, value),
    parseProgress: (value) => (progress === undefined ? { ok: true, value } : parse(progress, value)),
  };
}

function carryOut({ progress = [], error, output }: AnyCall, tell: (data: Json) => void): Json {
  for (const data of progress) tell(data as Json);
  if (error !== undefined) throw new Error(error);
  return output as Json;
}

/** A custom agent of the contract plays its script by itself, to the first turn without tool calls. */
async function* play(agent: string, context: AgentContext, script: AgentScript): AsyncGenerator<UncheckedAgentEvent> {
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

function parse(schema: JsonObject, value: unknown): Parsed {
  const { value: checked, issues } = checkJson(schema, value);
  if (issues.length === 0) return { ok: true, value: checked };
  const said = issues.map(({ path, message }) => `${path.length === 0 ? 'value' : path.join('.')}: ${message}`);
  return { ok: false, issues: said.slice(0, 10).join('; ') };
}
