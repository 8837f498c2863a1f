import { useCallback, useEffect, useState } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

export interface AgentList {
  /** Those that the caller may send to; undefined until they are here. */
  readonly agents: readonly AgentInfo[] | undefined;
  readonly error: unknown;
  reload(): void;
}

export function useAgents(): AgentList {
  const client = useClient();
  const [agents, setAgents] = useState<readonly AgentInfo[]>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is made again when it is asked for.
  useEffect(() => {
    let isOver = false;
    setError(undefined);
    client.agents.list().then(
      (list) => isOver || setAgents(list),
      (cause: unknown) => isOver || setError(cause),
    );
    return () => {
      isOver = true;
    };
  }, [client, attempt]);
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { agents, error, reload };
}
