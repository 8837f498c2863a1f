import type { Tool as WireTool } from '@modelcontextprotocol/sdk/types.js';
import type { Agent, Agents } from '../agents/agent.ts';
import type { JsonObject } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { findCollision, toolName } from './toolName.ts';

/** The agents that MCP clients get, by the names of their tools. */
export interface AgentTools {
  readonly list: readonly WireTool[];
  agentOf(tool: string): string | undefined;
}

/** Throws `CONFIG_INVALID` for a name that is no agent's, and for two agents whose tools would have the same name. */
export function agentTools(agents: Agents, names: readonly string[] = Object.keys(agents)): AgentTools {
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
        ...(takesContext && { context: contextSchema }),
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
        ...(outputSchema !== undefined && { output: outputSchema satisfies JsonObject }),
      },
      required: ['text', 'threadId', 'runId', 'outcome'],
    },
  };
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
