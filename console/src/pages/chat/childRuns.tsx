import { Fragment, type ReactNode } from 'react';
import type { Message, RunRemark } from 'verbatim-agents/client';
import { useRun } from 'verbatim-agents/react';
import { strings } from '../../strings.ts';
import { formatCount } from '../../ui/formats.ts';
import { AssistantLine } from './assistantLine.tsx';
import { useRuns } from './chatContext.ts';
import { Remarks } from './remarks.tsx';
import { remarksAfter } from './rows.ts';
import { isEnded, type RunView } from './runView.ts';
import { useReached } from './useReached.ts';
import './childRuns.css';

/** The runs that a call asked for. */
export function ChildRuns({ callId }: { readonly callId: string }): ReactNode {
  const runs = useRuns();
  const ids = Object.values(runs).filter((run) => run.parentCallId === callId);
  return <Side runs={ids} />;
}

/** Runs by their ids, such as those that were asked at once. */
export function ChildRunsOf({ ids }: { readonly ids: readonly string[] }): ReactNode {
  const runs = useRuns();
  return <Side runs={ids.flatMap((id) => runs[id] ?? [])} />;
}

function Side({ runs }: { readonly runs: readonly RunView[] }): ReactNode {
  if (runs.length === 0) return null;
  return (
    <div className="child-runs" data-many={runs.length > 1 || undefined}>
      {runs.map((run) => (
        <ChildRun key={run.id} run={run} />
      ))}
    </div>
  );
}

/** One run under another: foldable, with what it said, what it called, and runs of its own. */
function ChildRun({ run }: { readonly run: RunView }): ReactNode {
  const { agent, status, task, messages, remarks, error, statusText, usage } = run;
  const isReached = useReached();
  const name = agent ?? strings.chat.assistant;
  return (
    <details className="child-run" open>
      <summary>
        <span className="tool-card-mark" data-status={isReached || isEnded(status) ? status : 'waiting'} aria-hidden="true" />
        <span className="child-run-name">{name}</span>
        <span className="tool-card-status">
          {isReached || isEnded(status) ? (statusText ?? strings.chat.child[status]) : strings.chat.notReached}
          {usage !== undefined &&
            usage.inputTokens + usage.outputTokens > 0 &&
            ` · ${strings.chat.child.tokens(formatCount(usage.inputTokens + usage.outputTokens))}`}
        </span>
      </summary>
      <div className="child-run-body">
        {task !== undefined && (
          <p className="chat-quiet">
            {strings.chat.child.task}: {task}
          </p>
        )}
        {messages.length === 0 && isEnded(status) ? <StoredLines runId={run.id} /> : <Lines messages={messages} remarks={remarks} />}
        {error !== undefined && <p className="error">{error.message}</p>}
      </div>
    </details>
  );
}

function Lines({ messages, remarks }: { readonly messages: readonly Message[]; readonly remarks: readonly RunRemark[] }): ReactNode {
  return (
    <>
      <Between remarks={remarks} messageId={undefined} />
      {messages.map((message) =>
        message.role === 'assistant' && message.status !== 'discarded' ? (
          <Fragment key={message.id}>
            <AssistantLine message={message} isFirst={false} />
            <Between remarks={remarks} messageId={message.id} />
          </Fragment>
        ) : null,
      )}
    </>
  );
}

function Between({ remarks, messageId }: { readonly remarks: readonly RunRemark[]; readonly messageId: string | undefined }): ReactNode {
  const here = remarksAfter(remarks, messageId);
  return here.length === 0 ? null : <Remarks remarks={here} />;
}

/** Of a run that is too old to be in the thread as it was read. */
function StoredLines({ runId }: { readonly runId: string }): ReactNode {
  const { messages, run } = useRun(runId);
  // The edge: whatever the agents are, these are messages and remarks.
  return <Lines messages={messages as unknown as readonly Message[]} remarks={(run?.remarks ?? []) as unknown as readonly RunRemark[]} />;
}
