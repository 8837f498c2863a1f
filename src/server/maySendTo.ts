import { mayUseAgent } from '../agents/mayUse.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Services } from './services.ts';

/** Whether somebody may send to an agent of this name, which may not be there. A guest may to those that its thread has been sent to. */
export function maySendTo({ agents, may, store }: Pick<Services, 'agents' | 'may' | 'store'>, principal: Principal, name: string): boolean {
  const agent = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (agent === undefined || !mayUseAgent({ may, principal }, name, agent)) return false;
  return principal.share === undefined || store.shares.agentsOf(principal.share).includes(name);
}
