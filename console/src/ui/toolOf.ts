import type { AgentInfo, Json, ToolInfo } from 'verbatim-agents/client';

/** A tool by the agent that calls it, or of any agent where that one is not known. */
export function toolOf(
  agents: readonly AgentInfo[],
  agent: string | undefined,
  name: string,
): (ToolInfo & { readonly output?: Json }) | undefined {
  const own = agents.find((one) => one.name === agent)?.tools.find((tool) => tool.name === name);
  return own ?? agents.flatMap(({ tools }) => tools).find((tool) => tool.name === name);
}
