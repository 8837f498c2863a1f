import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { Agent, Agents } from './agent.ts';
import { AgentRegistry } from './agentRegistry.ts';
import type { AnyTool } from './defineTool.ts';

/** What callers may know of a set of agents, as plain JSON with sorted keys: equal contracts are equal texts. Clients are generated from it. */
export interface Contract {
  /** The version of this format. */
  readonly verbatim: 1;
  readonly agents: { readonly [name: string]: ContractAgent };
}

export interface ContractAgent {
  readonly description: string;
  readonly kind: Agent['kind'];
  /** Only tools and routers of the others know it: no send can name it. */
  readonly internal?: true;
  readonly tools: { readonly [name: string]: ContractTool };
  /** A function chooses its tools for each run, so there may be others than these. */
  readonly toolsVary?: true;
  /** JSON Schemas of its data parts. */
  readonly data: { readonly [name: string]: JsonObject };
  /** JSON Schema of what a send takes as `context`. Absent: it takes none. */
  readonly context?: JsonObject;
  /** A send may leave it out. */
  readonly contextOptional?: true;
  /** JSON Schema of what `run.result().output` is. */
  readonly output?: JsonObject;
  /** Agents of this contract that may take over, or that a router chooses from: what they do is part of its runs. */
  readonly others?: readonly string[];
}

export interface ContractTool {
  readonly description: string;
  readonly kind: AnyTool['kind'];
  readonly input: JsonObject;
  readonly output: JsonObject;
  /** Absent: any JSON. */
  readonly progress?: JsonObject;
  /** A person may be asked whether a call may be made. */
  readonly approval?: true;
  /** The agents of this contract that it asks. */
  readonly asks?: readonly string[];
  /** Its output is a list of what became of each. */
  readonly many?: true;
}

/**
 * The contract of these agents, and of those that only their tools and routers know. Calls nothing of theirs: no model, no tool, no instructions.
 * Throws `CONFIG_INVALID` as `createServer` does.
 */
export function contractOf(agents: Agents): Contract {
  const registry = new AgentRegistry(agents);
  const contracts = registry.all.map(([name, agent]): [string, ContractAgent] => [name, contractOfAgent(name, agent, registry)]);
  return sorted({ verbatim: 1, agents: Object.fromEntries(contracts) });
}

function contractOfAgent(name: string, agent: Agent, registry: AgentRegistry): ContractAgent {
  const others = agent.kind === 'model' ? agent.handoffs() : agent.kind === 'router' ? Object.values(agent.agents) : [];
  return {
    description: agent.description,
    kind: agent.kind,
    ...(!Object.hasOwn(registry.agents, name) && { internal: true }),
    tools: Object.fromEntries(agent.tools.map((tool) => [tool.name, contractOfTool(tool, registry)])),
    ...(agent.toolsVary && { toolsVary: true }),
    data: agent.dataSchemas,
    ...(agent.contextSchema !== undefined && { context: agent.contextSchema }),
    ...(agent.contextSchema !== undefined && agent.parseContext(undefined).ok && { contextOptional: true }),
    ...(agent.outputSchema !== undefined && { output: agent.outputSchema }),
    ...(others.length > 0 && { others: namesOf(others, registry) }),
  };
}

function contractOfTool(tool: AnyTool, registry: AgentRegistry): ContractTool {
  const { children } = tool;
  return {
    description: tool.description,
    kind: tool.kind,
    input: tool.inputSchema,
    output: tool.outputSchema,
    ...(tool.progressSchema !== undefined && { progress: tool.progressSchema }),
    ...(tool.mayAsk && { approval: true }),
    ...(children !== undefined && {
      asks: namesOf(
        children.agents.map(({ agent }) => agent),
        registry,
      ),
    }),
    ...(children?.many && { many: true }),
  };
}

function namesOf(agents: readonly Agent[], registry: AgentRegistry): string[] {
  return agents.flatMap((agent) => registry.nameOf(agent) ?? []);
}

/** Hexadecimal SHA-256: the same for equal contracts, whatever the order in which agents, tools and fields were written. */
export function hashContract(contract: Contract): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(contract)))
    .digest('hex');
}

/** JSON as it compares: keys sorted, absent ones left out, and `required`, whose order says nothing, sorted too. */
function sorted<Value>(value: Value, key = ''): Value {
  // JSON in, JSON of the same shape out.
  return sortedJson(value as Json, key) as Value;
}

function sortedJson(value: Json, key: string): Json {
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => sortedJson(item, ''));
    return key === 'required' && items.every((item) => typeof item === 'string') ? items.sort() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, child]) => (child === undefined ? [] : [[name, sortedJson(child, name)] as const]));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
