import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { AgentInfo, AssistantMessage, Json, Message } from 'verbatim-agents/client';
import { type Shown, useClient, useThread } from 'verbatim-agents/react';
import { Link } from 'wouter';
import { strings } from '../../strings.ts';
import { ErrorState } from '../../ui/errorState.tsx';
import { errorText } from '../../ui/errorText.ts';
import { Icon } from '../../ui/icon.tsx';
import { emptyValue } from '../../ui/jsonForm/fieldSchema.ts';
import { Loading } from '../../ui/loading.tsx';
import { titleOf } from '../threads/titleOf.ts';
import { AgentChoice } from './agentChoice.tsx';
import { agentOfAddress } from './agentOfAddress.ts';
import { Announcer } from './announcer.tsx';
import { answerOf } from './answerOf.ts';
import { askedBy, contextOf } from './askedAgents.ts';
import { type Chat, ChatContext, RunsContext } from './chatContext.ts';
import { Composer, type Outgoing } from './composer.tsx';
import { ContextFields } from './contextFields.tsx';
import { endOfRun } from './endOfRun.ts';
import { MessageList } from './messageList.tsx';
import { askedAtOnce, rowsOf } from './rows.ts';
import { mergeRuns, type Runs } from './runView.ts';
import { useDrafts } from './useDrafts.ts';
import { useEarlierRemarks } from './useEarlierRemarks.ts';
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
  const drafts = useDrafts();
  const [chosen, setChosen] = useState(() => agentOfAddress(agents));
  const [lastAsked, setLastAsked] = useState<readonly string[]>();
  const [contexts, setContexts] = useState<Readonly<Record<string, unknown>>>({});
  const [stopError, setStopError] = useState<string>();
  const asked = chosen ?? lastAsked ?? agents.slice(0, 1).map(({ name }) => name);
  const [agent = ''] = asked;
  const thread = useThread({ threadId: given, agent, onThread });
  const { threadId, status, error, activeRun, isCatchingUp } = thread;
  // The edge: whatever the agents are, these are messages.
  const messages = thread.messages as unknown as readonly (Message & Shown)[];

  const isAtWork = activeRun !== undefined;
  const [topRunId, setTopRunId] = useState<string>();
  const records = useRunRecords(threadId, { version: status === 'loading', topRunId });
  const info = useThreadInfo(threadId, { isAtWork, isFailed: status === 'failed' });
  const remarks = useEarlierRemarks(threadId, records, topRunId);
  const runs = useMemo(() => mergeRuns(thread.runs as unknown as Runs, records, remarks), [thread.runs, records, remarks]);
  const newest = useRef({ messages, runs });
  useEffect(() => {
    newest.current = { messages, runs };
  });
  const isWhole = !thread.hasEarlier;
  const rows = useMemo(() => rowsOf(messages, runs, isWhole), [messages, runs, isWhole]);

  const saidLast = messages.findLast((message) => message.role === 'user' && message.agent !== undefined)?.agent;
  useEffect(() => {
    const names = saidLast === undefined ? [] : askedBy(saidLast, agents);
    if (names.length > 0) setLastAsked(names);
  }, [saidLast, agents]);

  const { edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend, fork, send, stop, loadEarlier, reload } = thread;
  const lastRunId = messages.findLast(({ runId }) => runId !== undefined)?.runId;
  const forkAfter = useCallback(
    async (runId: string | undefined): Promise<void> => {
      if (threadId === undefined) return;
      await fork(runId === undefined || runId === lastRunId ? {} : { atSeq: await endOfRun(client, { threadId, runId }) });
    },
    [client, fork, threadId, lastRunId],
  );
  const forkAt = useCallback(async (atSeq: number): Promise<void> => void (await fork({ atSeq })), [fork]);
  const cancel = useCallback(async (runId: string): Promise<void> => void (await client.run(runId).cancel()), [client]);
  const chat = useMemo<Chat>(
    () => ({
      agents,
      isReadOnly: false,
      edit,
      retry,
      approve,
      reject,
      submitToolResult,
      failToolCall,
      dismiss,
      resend,
      forkAfter,
      forkAt,
      cancel,
      answerOf: (runId) => answerOf(runId, newest.current),
    }),
    [agents, edit, retry, approve, reject, submitToolResult, failToolCall, dismiss, resend, forkAfter, forkAt, cancel],
  );

  const contextSchema = contextOf(agents.filter(({ name }) => asked.includes(name)));
  const contextKey = asked.join('+');
  const context = contextSchema === undefined ? undefined : (contexts[contextKey] ?? emptyValue(contextSchema));
  const onSend = ({ whenBusy, ...message }: Outgoing): void => {
    // The first message takes the draft of a new thread along.
    drafts.keep(threadId, '');
    // Refused, it stays, with why.
    // The edge: the fields make JSON.
    void send({
      ...message,
      ...(asked.length > 1 && { agents: asked }),
      ...(whenBusy !== undefined && { whenBusy }),
      ...(context !== undefined && { context: context as Json }),
    });
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
  // What is sent to a thread that is not there would be seen by nobody.
  const canWrite = info?.access !== 'read' && !(status === 'failed' && error?.code === 'NOT_FOUND');

  return (
    <ChatContext value={chat}>
      <RunsContext value={runs}>
        <div className="chat">
          <header className="chat-top">
            <h1>
              {threadId === undefined
                ? strings.chat.newThread
                : titleOf(info, status === 'failed' ? strings.chat.noThread : strings.chat.untitled)}
            </h1>
            <p className="chat-quiet" role="status">
              {isCatchingUp ? strings.connection.catchingUp : ''}
            </p>
            {threadId !== undefined && (
              <Link href="/" className="button chat-new">
                <Icon name="add" /> <span>{strings.chat.newThread}</span>
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
            <MessageList
              rows={rows}
              hasEarlier={thread.hasEarlier}
              isLoadingEarlier={thread.isLoadingEarlier}
              onEarlier={loadEarlier}
              onTop={setTopRunId}
            />
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
                    key={contextKey}
                    schema={contextSchema}
                    value={context}
                    onChange={(next) => setContexts({ ...contexts, [contextKey]: next })}
                  />
                )
              }
              onSend={onSend}
              onStop={onStop}
            >
              <AgentChoice agents={agents} chosen={asked} onChoose={setChosen} />
            </Composer>
          )}
          <Announcer message={lastSaid(messages)} isReady={status !== 'loading'} />
          {lastRunId !== undefined &&
            askedAtOnce(runs, lastRunId).map((id) => (
              <Announcer key={id} message={lastSaid(runs[id]?.messages ?? [])} isReady={status !== 'loading'} />
            ))}
        </div>
      </RunsContext>
    </ChatContext>
  );
}

function lastSaid(messages: readonly Message[]): AssistantMessage | undefined {
  return messages.findLast((message) => message.role === 'assistant');
}
