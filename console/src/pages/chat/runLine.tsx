import { memo, type ReactNode } from 'react';
import type { Usage } from 'verbatim-agents/client';
import { Link } from 'wouter';
import { strings } from '../../strings.ts';
import { CopyButton } from '../../ui/copyButton.tsx';
import { Icon } from '../../ui/icon.tsx';
import { IconButton } from '../../ui/iconButton.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { useAttempt } from '../../ui/useAttempt.ts';
import '../../ui/iconButton.css';
import { formatCost, formatCount } from '../../ui/formats.ts';
import { useChat, useRuns } from './chatContext.ts';
import { askedAtOnce } from './rows.ts';
import { isEnded, type Runs, type RunView } from './runView.ts';
import { useReached } from './useReached.ts';
import './runLine.css';

export interface RunLineProps {
  readonly runId: string;
  /** The last of the thread: only it can be answered again. */
  readonly isLast: boolean;
}

/** How a run stands, and what can be done with it. As high while it is at work as afterwards, but for an error. */
export const RunLine = memo(function RunLine({ runId, isLast }: RunLineProps): ReactNode {
  const { retry, forkAfter, answerOf, isReadOnly } = useChat();
  const run = useRuns()[runId];
  const { run: attempt, error } = useAttempt();
  const isOver = run === undefined || isEnded(run.status);
  return (
    <div className="run-line">
      {run?.status === 'failed' && (
        <div className="run-line-error">
          <p>
            <strong>{strings.chat.failed}</strong> {run.error?.message} {run.error !== undefined && <code>{run.error.code}</code>}
          </p>
          {isLast && !isReadOnly && (
            <button type="button" className="button" onClick={() => attempt(retry)}>
              {strings.chat.retry}
            </button>
          )}
        </div>
      )}
      <div className="run-line-foot">
        {run !== undefined && <RunStatus run={run} />}
        <span className="run-line-actions">
          {isOver && <CopyButton text={() => answerOf(runId)} label={strings.chat.copyAnswer} />}
          {isOver && isLast && !isReadOnly && run?.status !== 'failed' && (
            <IconButton icon="retry" label={strings.chat.retry} onClick={() => attempt(retry)} />
          )}
          {isOver && !isReadOnly && <IconButton icon="fork" label={strings.chat.fork} onClick={() => attempt(() => forkAfter(runId))} />}
          {!isReadOnly && (
            <Link className="icon-button" href={`/runs/${runId}`} aria-label={strings.chat.inspect} title={strings.chat.inspect}>
              <Icon name="inspect" />
            </Link>
          )}
        </span>
      </div>
      <Refusal error={error} />
    </div>
  );
});

/** Those that were asked at once and did not answer. */
function silentOf({ id }: RunView, runs: Runs): readonly string[] {
  return askedAtOnce(runs, id).flatMap((child) => {
    const { status, agent } = runs[child] ?? {};
    return (status === 'failed' || status === 'cancelled') && agent !== undefined ? [agent] : [];
  });
}

/** It waits for runs under it, and somebody works on one of these. */
function isWorkedUnder({ children }: RunView, runs: Runs): boolean {
  return children.some((id) => {
    const child = runs[id];
    return child !== undefined && (child.status === 'running' || child.status === 'queued' || isWorkedUnder(child, runs));
  });
}

function RunStatus({ run }: { readonly run: RunView }): ReactNode {
  const { isReadOnly } = useChat();
  const runs = useRuns();
  const isReached = useReached();
  const { statusText, attempt, usage, outcome } = run;
  if (!isEnded(run.status) && !isReached) return <span className="run-line-status">{strings.chat.notReached}</span>;
  if (!isEnded(run.status)) {
    const status = run.status === 'waiting' && isWorkedUnder(run, runs) ? 'running' : run.status;
    return (
      <span className="run-line-status">
        <span className="tool-card-mark" data-status={status} aria-hidden="true" />
        {statusText ?? (status === 'waiting' ? strings.chat.waiting : strings.chat.working)}
        {attempt !== undefined && attempt > 1 && ` · ${strings.chat.resumed(attempt)}`}
      </span>
    );
  }
  const silent = silentOf(run, runs);
  const hasUsage = usage !== undefined && usage.inputTokens + usage.outputTokens > 0 && !isReadOnly;
  return (
    <span className="run-line-status">
      {run.status === 'cancelled' && <span>{strings.chat.stopped}</span>}
      {outcome === 'partial' && <span>{silent.length === 0 ? strings.chat.partial : strings.chat.partialOf(silent.join(', '))}</span>}
      {hasUsage && <span title={strings.chat.usageLabel}>{usageText(usage)}</span>}
    </span>
  );
}

function usageText({ inputTokens, outputTokens, cost }: Usage): string {
  const text = strings.chat.usage(formatCount(inputTokens), formatCount(outputTokens));
  return cost === undefined ? text : `${text} · ${formatCost(cost)}`;
}
