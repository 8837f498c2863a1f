import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import type { AgentInfo, OpenedShare, ThreadInfo } from 'verbatim-agents/client';
import { useClient, useConnection, useThread } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { errorText } from '../../ui/errorText.ts';

export interface SharedThreadProps {
  readonly share: OpenedShare;
  /** The link was taken back, or is over. */
  readonly onLost: (error: unknown) => void;
  readonly children?: ReactNode;
}

/** The thread of a link, as it grows; with a line to write in where the link allows that. */
export function SharedThread({ share: { threadId, access }, onLost, children }: SharedThreadProps): ReactNode {
  const client = useClient();
  const connection = useConnection();
  const [info, setInfo] = useState<ThreadInfo>();
  const [agents, setAgents] = useState<readonly AgentInfo[]>([]);
  useEffect(() => {
    let isOver = false;
    client.threads.get({ threadId }).then(
      (known) => isOver || setInfo(known),
      () => {}, // The thread itself tells why.
    );
    client.agents.list().then(
      (known) => isOver || setAgents(known),
      () => {},
    );
    return () => {
      isOver = true;
    };
  }, [client, threadId]);
  const lost = connection.status === 'closed' ? connection.reason : undefined;
  useEffect(() => {
    if (lost !== undefined && lost.code !== 'CLIENT_CLOSED') onLost(lost);
  }, [lost, onLost]);

  const agentNow = agents[0]?.name;
  const thread = useThread({ threadId, agent: agentNow ?? '' });
  const lastAgent = thread.messages.findLast((message) => message.agent !== undefined)?.agent;
  const agent = lastAgent ?? agentNow;

  return (
    <article className="share-thread">
      <header className="share-title">
        <h1>{info?.title ?? strings.share.untitled}</h1>
        <Badge>{access === 'read' ? strings.share.readOnly : strings.share.mayWrite}</Badge>
        {children}
      </header>
      <ol className="share-messages" aria-label={strings.share.messages}>
        {thread.messages.map((message) => (
          <li key={message.key} className="share-message" data-role={message.role}>
            <p className="share-who">{message.role === 'user' ? strings.share.user : (message.agent ?? strings.share.agent)}</p>
            <div className="share-text">{message.text}</div>
          </li>
        ))}
      </ol>
      {thread.status === 'idle' && thread.messages.length === 0 && <p className="state">{strings.share.empty}</p>}
      {thread.error !== undefined && (
        <p className="error" role="alert">
          {errorText(thread.error)}
        </p>
      )}
      {access === 'write' && agent !== undefined && <Composer onSend={(text) => thread.send({ text, agent })} />}
    </article>
  );
}

function Composer({ onSend }: { readonly onSend: (text: string) => Promise<unknown> }): ReactNode {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('text') ?? '').trim();
    if (text === '') return;
    event.currentTarget.reset();
    onSend(text).catch(() => {}); // The message stays, with its error.
  };
  return (
    <form className="share-composer" onSubmit={submit}>
      <label className="field">
        <span className="hidden">{strings.chat.message}</span>
        <input name="text" autoComplete="off" placeholder={strings.chat.message} required />
      </label>
      <button type="submit" className="button primary">
        {strings.share.send}
      </button>
    </form>
  );
}
