import type { AgentState, ConnectionInfo } from '../../protocol/accounts.ts';
import { type Principal, rolesOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Caller } from '../auth/caller.ts';
import type { Services } from '../services.ts';
import { router } from '../trpc.ts';
import { adminAuditRouter } from './adminAudit.ts';
import { administering, serverAdministering } from './administering.ts';
import { adminKeysRouter } from './adminKeys.ts';
import { adminServerProcedures } from './adminServer.ts';
import { adminUsersRouter } from './adminUsers.ts';
import { pageByText } from './pageByText.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

export function adminRouter(services: Services) {
  return router({
    connections: connectionsRouter(services),
    agents: agentsRouter(services),
    users: adminUsersRouter(services),
    keys: adminKeysRouter(services),
    audit: adminAuditRouter(services),
    ...adminServerProcedures(services),
  });
}

function connectionsRouter(services: Services) {
  const { callers, inputs, limits, store } = services;
  const administrator = administering(services);
  const open = (within: string | undefined): Caller[] =>
    [...callers].filter((caller) => !caller.hasEnded && (within === undefined || caller.principal.tenant === within));
  return router({
    list: administrator
      .input(inputs.adminPage)
      .query(({ ctx: { by }, input: { limit = Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize), pageToken } }) =>
        pageByText(open(by.within).map(connectionInfo), (connection) => connection.id, { limit, pageToken }),
      ),
    close: administrator.input(inputs.connectionClose).mutation(async ({ ctx: { by }, input }) => {
      const closing = open(by.within).filter((caller) =>
        'connectionId' in input ? caller.id === input.connectionId : isOf(caller.principal, input),
      );
      if (closing.length === 0) throw new VerbatimError('NOT_FOUND', 'There is no such connection.');
      const target = 'connectionId' in input ? input.connectionId : input.principalId;
      const closed = closing.length;
      await store.audit.record({ ...by, action: 'connections.close', target, outcome: 'ok', details: { closed } });
      const error = new VerbatimError('NOT_ALLOWED', 'An administrator closed this connection.');
      for (const caller of closing) caller.end(error);
      return { closed };
    }),
  });
}

function isOf({ id, tenant }: Principal, asked: { readonly principalId: string; readonly tenant?: string | undefined }): boolean {
  return id === asked.principalId && tenant === asked.tenant;
}

function connectionInfo(caller: Caller): ConnectionInfo {
  const { id, principal, identity, transport, address, since } = caller;
  return {
    id,
    principalId: principal.id,
    roles: rolesOf(principal),
    ...(principal.tenant !== undefined && { tenant: principal.tenant }),
    method: identity.method,
    ...(identity.credentialId !== undefined && { credentialId: identity.credentialId }),
    transport,
    address,
    since,
  };
}

function agentsRouter(services: Services) {
  const { inputs, limits, registry, store } = services;
  // An agent is everybody's.
  const administrator = serverAdministering(services);
  const set = async (name: string, enabled: boolean, by: Parameters<typeof store.accounts.setAgentEnabled>[2]): Promise<AgentState> => {
    const before = await store.accounts.disabledAgents();
    const known = registry.get(name) !== undefined || (enabled && before.some((agent) => agent.name === name));
    if (!known) throw new VerbatimError('NOT_FOUND', 'There is no such agent.');
    await store.accounts.setAgentEnabled(name, enabled, by);
    return (await store.accounts.disabledAgents()).find((agent) => agent.name === name) ?? { name };
  };
  return router({
    list: administrator
      .input(inputs.adminPage)
      .query(async ({ input: { limit = Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize), pageToken } }) => {
        const agents = new Map<string, AgentState>(registry.all.map(([name]) => [name, { name }]));
        for (const agent of await store.accounts.disabledAgents()) agents.set(agent.name, agent);
        return pageByText([...agents.values()], (agent) => agent.name, { limit, pageToken });
      }),
    enable: administrator.input(inputs.agent).mutation(({ ctx, input }) => set(input.agent, true, ctx.by)),
    disable: administrator.input(inputs.agent).mutation(({ ctx, input }) => set(input.agent, false, ctx.by)),
  });
}
