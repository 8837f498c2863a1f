import { mayUseTool } from '../../agents/mayUse.ts';
import type { AgentInfo } from '../../protocol/procedures.ts';
import { maySendTo } from '../maySendTo.ts';
import type { Services } from '../services.ts';
import { reading, router } from '../trpc.ts';

/** Those that the caller may send to, with the tools that it may. */
export function agentsRouter(services: Services) {
  const { agents, may, registry } = services;
  return router({
    list: reading.query(({ ctx: { principal } }) => {
      const user = { may, registry, principal };
      return Object.entries(agents)
        .filter(([name]) => maySendTo(services, principal, name))
        .map(
          ([name, agent]): AgentInfo => ({
            name,
            description: agent.description,
            tools: agent.tools
              .filter((tool) => mayUseTool(user, name, tool))
              .map((tool) => ({ name: tool.name, description: tool.description, input: tool.inputSchema })),
          }),
        );
    }),
  });
}
