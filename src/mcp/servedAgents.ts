import type { Tool as WireTool } from '@modelcontextprotocol/sdk/types.js';
import type { Agent, Agents } from '../agents/agent.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { findCollision, toolName } from './toolName.ts';

/** The agents that MCP clients get, by the names of their tools. */
export interface ServedAgents {
  readonly list: readonly WireTool[];
  agentOf(tool: string): string | undefined;
}

/** Throws `CONFIG_INVALID` for a name that is no agent's, and for two agents whose tools would have the same name. */
export function servedAgents(agents: Agents, names: readonly string[] = Object.keys(agents)): ServedAgents {
  const missing = names.find((name) => !Object.hasOwn(agents, name));
  if (missing !== undefined) throw invalid(`mcpServer names the agent "${missing}", which is not there.`);
  const collision = findCollision(names);
  if (collision !== undefined) throw invalid(`The agents ${collision.join(' and ')} would be tools of the same name. Rename one of them.`);
  const byTool = new Map(names.map((name) => [toolName(name), name]));
  return {
    list: [...byTool].flatMap(([tool, name]) => {
      const agent = agents[name];
      return agent === undefined ? [] : [asTool(tool, agent)];
    }),
    agentOf: (tool) => byTool.get(tool),
  };
}

function asTool(name: string, agent: Agent): WireTool {
  const { contextSchema, outputSchema } = agent;
  const takesContext = contextSchema !== undefined;
  const needsContext = takesContext && !agent.parseContext(undefined).ok;
  return {
    name,
    description: agent.description,
    inputSchema: {
      type: 'object',
      properties: {
        text: { type: 'string', description: 'What to ask or to tell it.' },
        threadId: { type: 'string', description: 'The conversation to go on with, as an earlier answer named it. Absent: a new one.' },
        ...(takesContext && { context: embedded(contextSchema, 'context') }),
      },
      required: needsContext ? ['text', 'context'] : ['text'],
    },
    outputSchema: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        threadId: { type: 'string' },
        runId: { type: 'string' },
        outcome: { type: 'string', enum: ['complete', 'partial'] },
        ...(outputSchema !== undefined && { output: embedded(outputSchema, 'output') }),
      },
      required: ['text', 'threadId', 'runId', 'outcome'],
    },
  };
}

/** A schema as the property of another: what it refers to within itself is further down there. */
function embedded(schema: JsonObject, property: string): JsonObject {
  const move = (value: Json | undefined): Json | undefined => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((part: Json) => move(part) ?? null);
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        key === '$ref' && typeof part === 'string' ? part.replace(/^#/, `#/properties/${property}`) : move(part),
      ]),
    );
  };
  return move(schema) as JsonObject;
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
