import type { AgentInfo } from 'verbatim-agents/client';

/** The agent that a link to a new thread is for: `/?agent=support`. Undefined for one that the reader may not use. */
export function agentOfAddress(agents: readonly AgentInfo[]): string | undefined {
  const asked = new URLSearchParams(window.location.search).get('agent');
  return agents.find(({ name }) => name === asked)?.name;
}
