import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Queries } from '../queries.ts';
import type { AcceptInput } from './acceptMessage.ts';
import type { Authority } from './access.ts';
import type { Actor } from './actor.ts';
import { appendAudit } from './appendAudit.ts';

/** Switches an agent off or on. Doing so again changes nothing. */
export function setAgentEnabled(authority: Authority, name: string, enabled: boolean, by: Actor): void {
  const { queries, now } = authority;
  if (enabled) queries.disabledAgents.remove(name);
  else queries.disabledAgents.add({ name, by: by.actor ?? 'server', at: now });
  appendAudit(authority, { ...by, action: enabled ? 'agents.enable' : 'agents.disable', target: name, outcome: 'ok' });
}

/** Throws `AGENT_DISABLED` when an agent that is asked is switched off. */
export function assertEnabled(queries: Queries, { agent, agents }: Pick<AcceptInput, 'agent' | 'agents'>): void {
  const problem = disabledAmong(queries, agents?.children.map((child) => child.agent) ?? [agent]);
  if (problem !== undefined) throw new VerbatimError(problem.code, problem.message);
}

/** Why one of them may not begin anything. What they are at goes on. */
export function disabledAmong(queries: Queries, names: readonly string[]): ErrorInfo | undefined {
  const name = names.find((candidate) => queries.disabledAgents.has(candidate));
  if (name === undefined) return undefined;
  return { code: 'AGENT_DISABLED', message: `The agent ${name} is switched off by an administrator.`, retryable: true };
}
