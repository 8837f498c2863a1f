import type { Contract, ContractTool } from '../../agents/contractOf.ts';
import { pascalCase, TypeNames } from './typeNames.ts';

/** A tool as the generated files name it. Tools of one name that differ between agents are several of these. */
export interface NamedTool {
  readonly name: string;
  /** What its types begin with: `LookupOrder`. */
  readonly typeName: string;
  readonly tool: ContractTool;
}

export interface ApiNames {
  /** What types of an agent begin with. */
  readonly agents: ReadonlyMap<string, string>;
  readonly tools: readonly NamedTool[];
  /** Names that are still free, for parts of schemas. */
  readonly free: TypeNames;
  /** The tool that an agent has under a name. */
  toolOf(agent: string, name: string): NamedTool;
}

const RESERVED = ['Api', 'Approval', 'Errors', 'Record'];
const TOOL_PARTS = ['Tool', 'Input', 'Output', 'Progress', 'Approval'];
const AGENT_PARTS = ['Agent', 'Context', 'Output', 'Event', 'Run'];

/** Gives every agent and tool its name, the same ones for the same contract. */
export function apiNames({ agents }: Contract): ApiNames {
  const free = new TypeNames(RESERVED);
  const agentNames = new Map(Object.keys(agents).map((agent) => [agent, free.takeAll(pascalCase(agent), AGENT_PARTS)]));
  const byContent = new Map<string, NamedTool>();
  const toolOf = (agent: string, name: string): NamedTool => {
    const tool = agents[agent]?.tools[name];
    const named = byContent.get(contentOf(name, tool));
    if (named === undefined) throw new Error(`Agent ${agent} has no tool ${name}`);
    return named;
  };
  const all = Object.entries(agents).flatMap(([agent, { tools }]) => Object.entries(tools).map(([name, tool]) => ({ agent, name, tool })));
  for (const { agent, name, tool } of all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const content = contentOf(name, tool);
    if (byContent.has(content)) continue;
    const isOneOfSome = all.some((other) => other.name === name && contentOf(name, other.tool) !== content);
    const base = isOneOfSome ? `${agentNames.get(agent)}${pascalCase(name)}` : pascalCase(name);
    byContent.set(content, { name, tool, typeName: free.takeAll(base, TOOL_PARTS) });
  }
  return { agents: agentNames, tools: [...byContent.values()], free, toolOf };
}

function contentOf(name: string, tool: ContractTool | undefined): string {
  return JSON.stringify([name, tool]);
}
