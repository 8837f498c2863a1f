import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { AgentInfo, Message, OpenedShare, ThreadInfo } from 'verbatim-agents/client';
import { type Shown, useClient, useConnection, useThread } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { errorText } from '../../ui/errorText.ts';
import { Loading } from '../../ui/loading.tsx';
import { useTitle } from '../../ui/useTitle.ts';
import { answerOf } from '../chat/answerOf.ts';
import { askedBy } from '../chat/askedAgents.ts';
import { type Chat, ChatContext, RunsContext } from '../chat/chatContext.ts';
import { MessageList } from '../chat/messageList.tsx';
import { rowsOf } from '../chat/rows.ts';
import { mergeRuns, type Runs } from '../chat/runView.ts';
import { useEarlierRemarks } from '../chat/useEarlierRemarks.ts';
import { useRunRecords } from '../chat/useRunRecords.ts';
import { titleOf } from '../threads/titleOf.ts';
import '../chat/conversation.css';

export interface SharedThreadProps {
  readonly share: OpenedShare;
  /** The link was taken back, or is over. */
  readonly onLost: (error: unknown) => void;
  readonly children?: ReactNode;
}

/** The thread of a link, as it grows, as the chat shows it; with a line to write in where the link allows that. */
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
  const title = titleOf(info, strings.share.untitled);
  useTitle(title);
  const lost = connection.status === 'closed' ? connection.reason : undefined;
  useEffect(() => {
    if (lost !== undefined && lost.code !== 'CLIENT_CLOSED') onLost(lost);
  }, [lost, onLost]);

  const first = agents[0]?.name;
  const thread = useThread({ threadId, agent: first ?? '' });
  const sentTo = thread.messages.findLast(({ role, agent }) => role === 'user' && agent !== undefined)?.agent;
  const asked = askedBy(sentTo ?? '', agents);
  const to = asked.length > 1 ? { agents: asked } : { agent: asked[0] ?? first ?? '' };

  // The edge: whatever the agents are, these are messages.
  const messages = thread.messages as unknown as readonly (Message & Shown)[];
  const [topRunId, setTopRunId] = useState<string>();
  const records = useRunRecords(threadId, { version: thread.status === 'loading', topRunId });
  const remarks = useEarlierRemarks(threadId, records, topRunId);
  const runs = useMemo(() => mergeRuns(thread.runs as unknown as Runs, records, remarks), [thread.runs, records, remarks]);
  const rows = useMemo(() => rowsOf(messages, runs, false), [messages, runs]);
  const newest = useRef({ messages, runs });
  useEffect(() => {
    newest.current = { messages, runs };
  });
  const { edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend } = thread;
  const chat = useMemo<Chat>(() => {
    const notHere = (): Promise<never> => Promise.reject(new Error('A shared thread is to be read.'));
    return {
      agents,
      isReadOnly: true,
      ...{ edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend },
      forkAfter: notHere,
      forkAt: notHere,
      cancel: notHere,
      answerOf: (runId) => answerOf(runId, newest.current),
    };
  }, [agents, edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend]);

  return (
    <ChatContext value={chat}>
      <RunsContext value={runs}>
        <article className="share-thread">
          <header className="share-title">
            <h1>{title}</h1>
            <Badge>{access === 'read' ? strings.share.readOnly : strings.share.mayWrite}</Badge>
            {children}
          </header>
          {thread.status === 'loading' ? (
            <Loading />
          ) : messages.length === 0 ? (
            <p className="state">{strings.share.empty}</p>
          ) : (
            <MessageList
              rows={rows}
              hasEarlier={thread.hasEarlier}
              isLoadingEarlier={thread.isLoadingEarlier}
              onEarlier={thread.loadEarlier}
              onTop={setTopRunId}
            />
          )}
          {thread.error !== undefined && (
            <p className="share-error error" role="alert">
              {errorText(thread.error)}
            </p>
          )}
          {access === 'write' && first !== undefined && <Composer onSend={(text) => thread.send({ text, ...to })} />}
        </article>
      </RunsContext>
    </ChatContext>
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
