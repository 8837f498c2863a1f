import { z } from 'zod';
import type { Agent, Agents } from '../agents/agent.ts';
import { parallel } from '../agents/childAgents.ts';
import type { Contract, ContractAgent, ContractTool } from '../agents/contractOf.ts';
import { defineAgent } from '../agents/defineAgent.ts';
import { defineTool, type Tool } from '../agents/defineTool.ts';
import { router } from '../agents/router.ts';
import type { Parsed } from '../agents/schema.ts';
import { checkJson } from '../client/checkJson.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import { AgentScript, play } from './agentScript.ts';
import type { AnyCall, AnyScript } from './contractScript.ts';
import { type Caller, ScriptedCalls } from './scriptedCalls.ts';
import type { ScriptedModel } from './scriptedModel.ts';

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
  const builder = new AgentBuilder(contract, scripts);
  const sendable = Object.keys(contract.agents).filter((name) => !contract.agents[name]?.internal);
  return {
    agents: Object.fromEntries(sendable.map((name) => [name, builder.build(name)])),
    assertDone() {
      for (const model of builder.models) model.assertDone();
    },
  };
}

/** Builds each agent once, and those first that it asks or chooses from. */
class AgentBuilder {
  readonly models: ScriptedModel[] = [];
  readonly #contract: Contract;
  readonly #scripts: { readonly [agent: string]: AnyScript | undefined };
  readonly #built = new Map<string, Agent>();
  readonly #calls = new ScriptedCalls();

  constructor(contract: Contract, scripts: { readonly [agent: string]: AnyScript | undefined }) {
    this.#contract = contract;
    this.#scripts = scripts;
  }

  build(name: string): Agent {
    const built = this.#built.get(name);
    if (built !== undefined) return built;
    const contract = this.#contract.agents[name];
    if (contract === undefined) throw new TypeError(`The contract has no agent ${name}.`);
    const script = new AgentScript(name, this.#scripts[name] ?? [], this.#calls);
    this.models.push(script.model);
    const agent = this.#agentOf(name, contract, script);
    this.#built.set(name, agent);
    return agent;
  }

  #agentOf(name: string, contract: ContractAgent, script: AgentScript): Agent {
    const { description, context, contextOptional, output, others = [] } = contract;
    if (contract.kind === 'router') {
      return router({ description, agents: this.#named(others), route: (input) => script.route(input) }) as Agent;
    }
    const tools = Object.entries(contract.tools).map(([tool, toolContract]) => this.#toolOf(tool, toolContract));
    const schemas = {
      contextSchema: context,
      outputSchema: output,
      dataSchemas: contract.data,
      ...(context !== undefined && {
        parseContext: (value: unknown): Parsed => (value === undefined && contextOptional ? { ok: true, value } : parse(context, value)),
      }),
    };
    if (contract.kind === 'custom') {
      const agent = defineAgent({ description, tools, run: (run) => play(name, run, script) as never });
      const parseData = (part: string, value: unknown): Parsed => {
        const schema = contract.data[part];
        return schema === undefined ? { ok: false, issues: `the contract has no data part ${part}` } : parse(schema, value);
      };
      return { ...agent, ...schemas, parseData } as Agent;
    }
    const handoffs = (): readonly Agent[] => others.map((other) => this.build(other));
    const agent = defineAgent({ description, model: script.model, tools, handoffs });
    return { ...agent, ...schemas, ...(output !== undefined && { parseOutput: (value: unknown) => parse(output, value) }) } as Agent;
  }

  #toolOf(name: string, contract: ContractTool): Tool {
    const { approval, input, output, progress } = contract;
    return {
      ...this.#toolOfKind(name, contract),
      mayAsk: approval ?? false,
      inputSchema: input,
      outputSchema: output,
      progressSchema: progress,
      needsApproval: async (given, context) => (approval ? this.#calls.question(context as Caller, name, given) : undefined),
      parseInput: (value) => parse(input, value),
      parseOutput: (value) => parse(output, value),
      parseProgress: (value) => (progress === undefined ? { ok: true, value } : parse(progress, value)),
    };
  }

  #toolOfKind(name: string, { kind, description, asks = [], many }: ContractTool): Tool {
    const common = { name, description, input: anyObject, output: anyJson };
    switch (kind) {
      case 'client':
        return defineTool(common);
      case 'execute':
        return defineTool({
          ...common,
          execute: (given, context) => carryOut(this.#calls.take(context, name, given), (data) => context.progress(data)),
        });
      case 'agents': {
        const agents = asks.map((asked) => ({ name: asked, agent: this.build(asked) }));
        const tool = parallel(
          agents.map(({ agent }) => agent),
          { name, description, input: anyObject },
        );
        return { ...tool, children: { taskOf: JSON.stringify, ...tool.children, many: many ?? false, agents } };
      }
    }
  }

  #named(names: readonly string[]): Agents {
    return Object.fromEntries(names.map((name) => [name, this.build(name)]));
  }
}

/** Their own schemas take the place of these. */
const anyJson: z.ZodType<Json, Json> = z.json();
const anyObject = z.record(z.string(), anyJson);

function carryOut({ progress = [], error, output }: AnyCall, tell: (data: Json) => void): Json {
  for (const data of progress) tell(data as Json);
  if (error !== undefined) throw new Error(error);
  return output as Json;
}

function parse(schema: JsonObject, value: unknown): Parsed {
  const { value: checked, issues } = checkJson(schema, value);
  if (issues.length === 0) return { ok: true, value: checked };
  const said = issues.map(({ path, message }) => `${path.length === 0 ? 'value' : path.join('.')}: ${message}`);
  return { ok: false, issues: said.slice(0, 10).join('; ') };
}
