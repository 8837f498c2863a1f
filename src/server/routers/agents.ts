import type { AgentInfo } from '../../protocol/procedures.ts';
import type { Services } from '../services.ts';
import { reading, router } from '../trpc.ts';

export function agentsRouter({ agents }: Services) {
  const infos = Object.entries(agents).map(
    ([name, agent]): AgentInfo => ({
      name,
      description: agent.description,
      tools: agent.tools.map((tool) => ({ name: tool.name, description: tool.description, input: tool.inputSchema })),
    }),
  );
  return router({ list: reading.query(() => infos) });
}
