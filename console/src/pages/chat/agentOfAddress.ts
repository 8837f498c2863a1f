import type { AgentInfo } from 'verbatim-agents/client';

/** The agent that a link to a new thread is for, as the one that is chosen: `/?agent=support`. Undefined for one that the reader may not use. */
export function agentOfAddress(agents: readonly AgentInfo[]): readonly string[] | undefined {
  const asked = new URLSearchParams(window.location.search).get('agent');
  return agents.some(({ name }) => name === asked) && asked !== null ? [asked] : undefined;
}
