import { type ReactNode, useEffect, useState } from 'react';
import { strings } from '../../strings.ts';
import { ErrorState } from '../../ui/errorState.tsx';
import { Loading } from '../../ui/loading.tsx';
import { useAgents } from '../../ui/useAgents.ts';
import { ApprovalRow } from './approvalRow.tsx';
import { type InboxRow, useInbox } from './useInbox.ts';
import { useSeconds } from './useSeconds.ts';
import './approvals.css';

const text = strings.approvals;

/** Questions of agents to people: those that the caller may answer, and those of its own threads that others answer. */
export function ApprovalsPage(): ReactNode {
  const inbox = useInbox();
  const { agents } = useAgents();
  const { rows, isLoading, error } = inbox;
  const isOpen = ({ outcome }: InboxRow): boolean => outcome === undefined;
  const isForCaller = ({ approval }: InboxRow): boolean => approval.mayDecide === true;
  const now = useSeconds(rows.some(isOpen));
  /** What is for the caller goes without saying. */
  const isAlone = (index: number, some: readonly InboxRow[]): boolean => index === 0 && some.length === rows.length;
  const sections: readonly (readonly [title: string, rows: readonly InboxRow[]])[] = [
    [text.forCaller, rows.filter(isForCaller)],
    [text.forOthers, rows.filter((row) => !isForCaller(row))],
  ];

  // The oldest is the one to begin with. One that is decided folds, and can be unfolded again.
  const keyOf = (row: InboxRow): string => `${row.approval.callId} ${isOpen(row)}`;
  const oldest = rows.find(isForCaller);
  const first = oldest && keyOf(oldest);
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>();
  useEffect(() => {
    if (first !== undefined) setUnfolded((before) => before ?? new Set([first]));
  }, [first]);
  const toggle = (key: string): void => {
    const after = new Set(unfolded);
    if (!after.delete(key)) after.add(key);
    setUnfolded(after);
  };

  return (
    <div className="page approvals">
      <header className="approvals-head">
        <h1>{strings.pages.approvals}</h1>
        <p className="approvals-note" role="status">
          {isLoading ? '' : text.count(inbox.waiting, inbox.more !== undefined)}
        </p>
        {rows.some((row) => !isOpen(row)) && (
          <button type="button" className="button quiet approvals-clear" onClick={inbox.clear}>
            {text.clear}
          </button>
        )}
      </header>
      {error !== undefined && <ErrorState error={error} onRetry={inbox.reload} />}
      {isLoading && <Loading />}
      {!isLoading && error === undefined && rows.length === 0 && (
        <div className="state empty">
          <h2>{text.empty}</h2>
          <p>{text.emptyHelp}</p>
        </div>
      )}
      {sections.map(
        ([title, some], index) =>
          some.length > 0 && (
            <section key={title}>
              <h2 className={isAlone(index, some) ? 'hidden' : 'approvals-title'}>{title}</h2>
              <ul className="approvals-list">
                {some.map((row) => (
                  <ApprovalRow
                    key={row.approval.callId}
                    row={row}
                    agents={agents}
                    now={now}
                    isUnfolded={unfolded?.has(keyOf(row)) === true}
                    onToggle={() => toggle(keyOf(row))}
                    onApprove={inbox.approve}
                    onReject={inbox.reject}
                  />
                ))}
              </ul>
            </section>
          ),
      )}
      {inbox.more !== undefined && (
        <button type="button" className="button approvals-more" disabled={inbox.isLoadingMore} onClick={inbox.more}>
          {inbox.isLoadingMore ? strings.state.loading : strings.ui.more}
        </button>
      )}
    </div>
  );
}
