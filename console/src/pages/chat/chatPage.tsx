import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { useLocation, useParams } from 'wouter';
import { strings } from '../../strings.ts';
import { EmptyState } from '../../ui/emptyState.tsx';
import { ErrorState } from '../../ui/errorState.tsx';
import { Loading } from '../../ui/loading.tsx';
import { Conversation } from './conversation.tsx';

type Agents = { readonly list: readonly AgentInfo[] } | { readonly error: unknown };

/** `/` is a new thread, `/threads/:threadId` an old one. */
export function ChatPage(): ReactNode {
  const client = useClient();
  const [agents, setAgents] = useState<Agents>();
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is made again when it is asked for.
  useEffect(() => {
    setAgents(undefined);
    client.agents.list().then(
      (list) => setAgents({ list }),
      (error: unknown) => setAgents({ error }),
    );
  }, [client, attempt]);

  const { threadId } = useParams<{ threadId?: string }>();
  const [, go] = useLocation();
  // A thread that the conversation itself went on to is the same conversation: its first message made it, or it was forked.
  const place = useRef({ key: 0, threadId });
  if (place.current.threadId !== threadId) place.current = { key: place.current.key + 1, threadId };
  const { key } = place.current;
  const onThread = useCallback(
    (next: string) => {
      // Sent from a conversation that was left since then: whoever left stays where they are.
      if (place.current.key !== key) return;
      const isFirst = place.current.threadId === undefined;
      if (isFirst) place.current = { key, threadId: next };
      go(`/threads/${next}`, { replace: isFirst });
    },
    [go, key],
  );

  if (agents === undefined) return <Loading />;
  if ('error' in agents) return <ErrorState error={agents.error} onRetry={() => setAttempt(attempt + 1)} />;
  if (agents.list.length === 0) return <EmptyState title={strings.chat.noAgents} />;
  return <Conversation key={key} threadId={threadId} agents={agents.list} onThread={onThread} />;
}
