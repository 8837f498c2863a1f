import { useCallback, useEffect, useState } from 'react';
import type { AgentState } from 'verbatim-agents/client';
import { useAccess } from '../../access.tsx';

export interface AgentStates {
  /** By name, those that are not defined any more among them. Undefined until they are here, and for whoever is no administrator. */
  readonly states: ReadonlyMap<string, AgentState> | undefined;
  /** Rejects with what the server refused. */
  setEnabled(agent: string, isEnabled: boolean): Promise<void>;
}

/** Which agents are disabled: for administrators. */
export function useAgentStates(): AgentStates {
  const { client, isAdmin } = useAccess();
  const { agents } = client.trpc.admin;
  const [states, setStates] = useState<ReadonlyMap<string, AgentState>>();
  const change = useCallback((state: AgentState) => setStates((before) => new Map(before).set(state.name, state)), []);
  useEffect(() => {
    if (!isAdmin) return;
    let isOver = false;
    const read = async (): Promise<void> => {
      const all = new Map<string, AgentState>();
      let pageToken: string | undefined;
      do {
        const page = await agents.list.query({ ...(pageToken !== undefined && { pageToken }) });
        for (const state of page.items) all.set(state.name, state);
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      if (!isOver) setStates(all);
    };
    read().catch(() => {}); // The agents themselves are shown; what may be done with them is not.
    return () => {
      isOver = true;
    };
  }, [agents, isAdmin]);
  const setEnabled = useCallback(
    async (agent: string, isEnabled: boolean): Promise<void> => {
      change(await (isEnabled ? agents.enable : agents.disable).mutate({ agent }));
    },
    [agents, change],
  );
  return { states, setEnabled };
}
