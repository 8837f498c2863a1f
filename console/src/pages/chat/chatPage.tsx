import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { useClient, useThread } from 'verbatim-agents/react';
import { useLocation, useParams } from 'wouter';
import { strings } from '../../strings.ts';
import { errorText } from '../../ui/errorText.ts';
import { Loading } from '../../ui/loading.tsx';

export function ChatPage(): ReactNode {
  const client = useClient();
  const [agents, setAgents] = useState<readonly AgentInfo[]>();
  useEffect(() => {
    client.agents.list().then(setAgents, () => setAgents([]));
  }, [client]);
  const agent = agents?.[0]?.name;
  return agent === undefined ? <Loading /> : <Conversation agent={agent} />;
}

function Conversation({ agent }: { readonly agent: string }): ReactNode {
  const { threadId } = useParams<{ threadId?: string }>();
  const [, go] = useLocation();
  const thread = useThread({ threadId, agent, onThread: (id) => go(`/threads/${id}`, { replace: true }) });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('text') ?? '');
    event.currentTarget.reset();
    thread.send(text).catch(() => {});
  };
  return (
    <div className="page">
      <h1 className="hidden">{strings.pages.chat}</h1>
      {thread.messages.map((message) => (
        <p key={message.key} data-role={message.role}>
          {message.text}
        </p>
      ))}
      {thread.error !== undefined && (
        <p className="error" role="alert">
          {errorText(thread.error)}
        </p>
      )}
      <form onSubmit={submit}>
        <label className="field">
          {strings.chat.message}
          <input name="text" autoComplete="off" required />
        </label>
      </form>
    </div>
  );
}
