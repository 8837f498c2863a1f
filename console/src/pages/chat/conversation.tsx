import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { AgentInfo, Json, Message } from 'verbatim-agents/client';
import { type Shown, useClient, useThread } from 'verbatim-agents/react';
import { Link } from 'wouter';
import { strings } from '../../strings.ts';
import { ErrorState } from '../../ui/errorState.tsx';
import { errorText } from '../../ui/errorText.ts';
import { Icon } from '../../ui/icon.tsx';
import { emptyValue } from '../../ui/jsonForm/fieldSchema.ts';
import { Loading } from '../../ui/loading.tsx';
import { AgentChoice } from './agentChoice.tsx';
import { agentOfAddress } from './agentOfAddress.ts';
import { Announcer } from './announcer.tsx';
import { type Chat, ChatContext, RunsContext } from './chatContext.ts';
import { Composer, type Outgoing } from './composer.tsx';
import { ContextFields } from './contextFields.tsx';
import { keepDraft } from './drafts.ts';
import { endOfRun } from './endOfRun.ts';
import { MessageList } from './messageList.tsx';
import { rowsOf } from './rows.ts';
import { mergeRuns, type Runs } from './runView.ts';
import { useRunRecords } from './useRunRecords.ts';
import { useThreadInfo } from './useThreadInfo.ts';
import './conversation.css';

export interface ConversationProps {
  readonly threadId: string | undefined;
  readonly agents: readonly AgentInfo[];
  /** Another thread is shown from now on: the one of a first message, or a fork. */
  onThread(threadId: string): void;
}

/** A thread, whole: what was said, what is being said, and what can be said. */
export function Conversation({ threadId: given, agents, onThread }: ConversationProps): ReactNode {
  const client = useClient();
  const [chosen, setChosen] = useState(() => agentOfAddress(agents));
  const [lastAgent, setLastAgent] = useState<string>();
  const [contexts, setContexts] = useState<Readonly<Record<string, unknown>>>({});
  const [stopError, setStopError] = useState<string>();
  const agent = chosen ?? lastAgent ?? agents[0]?.name ?? '';
  const thread = useThread({ threadId: given, agent, onThread });
  const { threadId, status, error, activeRun, isCatchingUp } = thread;
  // The edge: whatever the agents are, these are messages.
  const messages = thread.messages as unknown as readonly (Message & Shown)[];

  const isAtWork = activeRun !== undefined;
  const records = useRunRecords(threadId, status === 'loading');
  const info = useThreadInfo(threadId, isAtWork);
  const runs = useMemo(() => mergeRuns(thread.runs as unknown as Runs, records), [thread.runs, records]);
  const newest = useRef(messages);
  useEffect(() => {
    newest.current = messages;
  });
  const rows = useMemo(() => rowsOf(messages, runs), [messages, runs]);

  const saidLast = messages.findLast((message) => message.role === 'user' && message.agent !== undefined)?.agent;
  useEffect(() => {
    if (saidLast !== undefined && agents.some(({ name }) => name === saidLast)) setLastAgent(saidLast);
  }, [saidLast, agents]);

  const { edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend, fork, send, stop, loadEarlier, reload } = thread;
  const lastRunId = messages.findLast(({ runId }) => runId !== undefined)?.runId;
  const forkAfter = useCallback(
    async (runId: string): Promise<void> => {
      if (threadId === undefined) return;
      await fork(runId === lastRunId ? {} : { atSeq: await endOfRun(client, { threadId, runId }) });
    },
    [client, fork, threadId, lastRunId],
  );
  const cancel = useCallback(async (runId: string): Promise<void> => void (await client.run(runId).cancel()), [client]);
  const chat = useMemo<Chat>(
    () => ({
      agents,
      edit,
      retry,
      approve,
      reject,
      submitToolResult,
      failToolCall,
      dismiss,
      resend,
      forkAfter,
      cancel,
      answerOf: (runId) => answerOf(newest.current, runId),
    }),
    [agents, edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend, forkAfter, cancel],
  );

  const contextSchema = agents.find(({ name }) => name === agent)?.context;
  const context = contextSchema === undefined ? undefined : (contexts[agent] ?? emptyValue(contextSchema));
  const onSend = ({ whenBusy, ...message }: Outgoing): void => {
    // The first message takes the draft of a new thread along.
    keepDraft(threadId, '');
    // Refused, it stays, with why.
    // The edge: the fields make JSON.
    void send({ ...message, ...(whenBusy !== undefined && { whenBusy }), ...(context !== undefined && { context: context as Json }) });
  };
  const onStop = async (): Promise<void> => {
    setStopError(undefined);
    try {
      await stop();
    } catch (cause) {
      setStopError(errorText(cause));
      throw cause;
    }
  };
  const lastAnswer = messages.findLast((message) => message.role === 'assistant');
  const canWrite = info?.access !== 'read';

  return (
    <ChatContext value={chat}>
      <RunsContext value={runs}>
        <div className="chat">
          <header className="chat-top">
            <h1>{threadId === undefined ? strings.chat.newThread : (info?.title ?? strings.chat.untitled)}</h1>
            <p className="chat-quiet" role="status">
              {isCatchingUp ? strings.connection.catchingUp : ''}
            </p>
            {threadId !== undefined && (
              <Link href="/" className="button chat-new">
                <Icon name="add" /> {strings.chat.newThread}
              </Link>
            )}
          </header>
          {status === 'failed' && error !== undefined ? (
            <ErrorState error={error} onRetry={reload} />
          ) : status === 'loading' ? (
            <Loading />
          ) : messages.length === 0 ? (
            <div className="chat-begin">
              <p>{strings.chat.begin}</p>
            </div>
          ) : (
            <MessageList rows={rows} hasEarlier={thread.hasEarlier} isLoadingEarlier={thread.isLoadingEarlier} onEarlier={loadEarlier} />
          )}
          {stopError !== undefined && (
            <p className="chat-error error" role="alert">
              {stopError}
            </p>
          )}
          {canWrite && (
            <Composer
              threadId={threadId}
              isBusy={isAtWork || status === 'queued' || status === 'sending'}
              above={
                contextSchema !== undefined && (
                  <ContextFields
                    key={agent}
                    schema={contextSchema}
                    value={context}
                    onChange={(next) => setContexts({ ...contexts, [agent]: next })}
                  />
                )
              }
              onSend={onSend}
              onStop={onStop}
            >
              <AgentChoice agents={agents} agent={agent} onChoose={setChosen} />
            </Composer>
          )}
          <Announcer message={lastAnswer?.role === 'assistant' ? lastAnswer : undefined} isReady={status !== 'loading'} />
        </div>
      </RunsContext>
    </ChatContext>
  );
}

function answerOf(messages: readonly Message[], runId: string): string {
  const said = messages.filter((message) => message.role === 'assistant' && message.runId === runId && message.status !== 'discarded');
  return said.flatMap(({ text }) => (text === '' ? [] : [text])).join('\n\n');
}
