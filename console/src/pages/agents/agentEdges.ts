import type { AgentInfo } from 'verbatim-agents/client';

/** How one agent goes on to another: it hands the conversation over, asks it by a tool, or chooses it to answer. */
export type EdgeKind = 'handoff' | 'asks' | 'route';

export interface AgentEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
}

export function agentEdges(agents: readonly AgentInfo[]): readonly AgentEdge[] {
  return agents.flatMap((agent) => [
    ...goesOnTo(agent, 'handoff').map((to) => ({ from: agent.name, to, kind: 'handoff' as const })),
    ...goesOnTo(agent, 'asks').map((to) => ({ from: agent.name, to, kind: 'asks' as const })),
    ...goesOnTo(agent, 'route').map((to) => ({ from: agent.name, to, kind: 'route' as const })),
  ]);
}

/** Each once, though several tools may ask the same agent. */
export function goesOnTo({ handoffs = [], routes = [], tools }: AgentInfo, kind: EdgeKind): readonly string[] {
  switch (kind) {
    case 'handoff':
      return [...new Set(handoffs)];
    case 'asks':
      return [...new Set(tools.flatMap(({ asks = [] }) => asks))];
    case 'route':
      return [...new Set(routes)];
  }
}
