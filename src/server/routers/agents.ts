import { agentInfo } from '../../agents/agentInfo.ts';
import type { AgentInfo } from '../../protocol/agentInfo.ts';
import { maySendTo } from '../maySendTo.ts';
import type { Services } from '../services.ts';
import { reading, router } from '../trpc.ts';

/** Those that the caller may send to, with the tools that it may. */
export function agentsRouter(services: Services) {
  const { agents, may, registry } = services;
  return router({
    list: reading.query(({ ctx: { principal } }): readonly AgentInfo[] => {
      const user = { may, registry, principal };
      const forAdministrator = may({ principal, action: 'administer', resource: { kind: 'server', name: 'admin.agents.list' } });
      return Object.entries(agents)
        .filter(([name]) => maySendTo(services, principal, name))
        .map(([name, agent]) => agentInfo(name, agent, { user, forAdministrator }));
    }),
  });
}
