import type { InstructionsContext, ModelAgent } from './agent.ts';
import type { AnyTool } from './defineTool.ts';
import { handoffTool } from './handoff.ts';
import { mayUseAgent, mayUseTool } from './mayUse.ts';
import { OutsideFailure } from './outsideFailure.ts';
import type { Drive } from './runWorker.ts';

/** An agent as a run has it now: with the tools of this run, and what its `context` made. */
export interface RunAgent {
  readonly name: string;
  readonly agent: ModelAgent;
  readonly inputs: InstructionsContext;
  /** Its own, and one for each agent that it may hand over to, as far as the principal of the run may use them. */
  readonly tools: readonly AnyTool[];
}

/** The agent with what it has in this run: its tools may depend on it. */
export async function runAgent(agent: ModelAgent, drive: Drive): Promise<RunAgent> {
  const inputs = await drive.contexts.of(agent);
  const tools = await toolsOf(agent, inputs, handoffTools(drive, agent));
  return { name: drive.agentName, agent, inputs, tools: usableTools(drive, drive.agentName, tools) };
}

/** Those that the principal of the run may use. */
export function usableTools({ may, registry, run }: Drive, agent: string, tools: RunAgent['tools']): RunAgent['tools'] {
  const user = { may, registry, principal: run.principal };
  return tools.filter((tool) => mayUseTool(user, agent, tool));
}

/** Its own tools, and then those of `handoffs`. */
export async function toolsOf(agent: ModelAgent, inputs: RunAgent['inputs'], handoffs: RunAgent['tools'] = []): Promise<RunAgent['tools']> {
  try {
    const tools = [...(await agent.toolsOf(inputs)), ...handoffs];
    const twice = tools.find((tool, index) => tools.findIndex((other) => other.name === tool.name) !== index);
    if (twice !== undefined) throw new TypeError(`two tools are named ${twice.name}`);
    return tools;
  } catch (cause) {
    throw new OutsideFailure(cause, 'AGENT_FAILED', 'The tools of the agent could not be chosen.');
  }
}

/** The tools by which an agent hands over. */
function handoffTools({ registry, may, run }: Drive, agent: ModelAgent): readonly AnyTool[] {
  const user = { may, principal: run.principal };
  return agent.handoffs().flatMap((target) => {
    const name = registry.nameOf(target);
    return name === undefined || !mayUseAgent(user, name, target) ? [] : [handoffTool(name, target)];
  });
}
