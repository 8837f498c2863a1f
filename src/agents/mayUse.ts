import type { May } from '../protocol/policy.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Agent } from './agent.ts';
import type { AgentRegistry } from './agentRegistry.ts';
import type { AnyTool } from './defineTool.ts';

/** Who asks, and who decides. */
export interface User {
  readonly may: May;
  readonly principal: Principal;
}

export function mayUseAgent({ may, principal }: User, name: string, { access }: Pick<Agent, 'access'>): boolean {
  return may({ principal, action: 'use', resource: { kind: 'agent', name, access } });
}

/** Whether a tool of this agent may be used: one that asks agents only where all of them may be. */
export function mayUseTool(
  user: User & { readonly registry: AgentRegistry },
  agent: string,
  { name, access, children }: Pick<AnyTool, 'name' | 'access' | 'children'>,
): boolean {
  const { may, principal, registry } = user;
  if (!may({ principal, action: 'use', resource: { kind: 'tool', name, agent, access } })) return false;
  return (children?.agents ?? []).every((child) => mayUseAgent(user, registry.nameOf(child.agent) ?? child.name ?? name, child.agent));
}
