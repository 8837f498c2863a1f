import { useCallback, useEffect, useRef, useState } from 'react';
import { type ApprovalInfo, type ApprovalOptions, VerbatimError } from 'verbatim-agents/client';
import { useApprovals, useClient } from 'verbatim-agents/react';
import { INBOX_REFRESH_MS, waitingOf } from '../../openApprovals.tsx';
import { type Decision, decisionOf } from '../../ui/decision.ts';

export interface InboxRow {
  readonly approval: ApprovalInfo;
  /** How it ended, while it was looked at. `gone`: with its thread. */
  readonly outcome?: Outcome;
}

export type Outcome = { readonly isOwn: boolean } & (Decision | { readonly status: 'gone' });

export interface Inbox {
  /** Oldest first. What is decided meanwhile, here or elsewhere, stays in its place. */
  readonly rows: readonly InboxRow[];
  /** How many the caller may decide, as it stands beside the link too. */
  readonly waiting: number;
  readonly isLoading: boolean;
  readonly error: unknown;
  readonly more: (() => void) | undefined;
  readonly isLoadingMore: boolean;
  reload(): void;
  /** Rejects with what the server refused, but for `ALREADY_DECIDED`, which shows as the row's outcome. */
  approve(callId: string, options: ApprovalOptions): Promise<void>;
  reject(callId: string, options: Omit<ApprovalOptions, 'input'>): Promise<void>;
  /** Takes out what is decided. */
  clear(): void;
}

export function useInbox(): Inbox {
  const client = useClient();
  const list = useApprovals({ refreshMs: INBOX_REFRESH_MS });
  // The edge: whatever the tools are, these are approvals.
  const approvals = list.approvals as unknown as readonly ApprovalInfo[];
  const [rows, setRows] = useState<readonly InboxRow[]>(() => merged([], approvals));
  /** They are not in the list, and that says nothing. */
  const deciding = useRef(new Set<string>());
  const lookingUp = useRef(new Set<string>());

  useEffect(() => setRows((before) => merged(before, approvals)), [approvals]);

  const settle = useCallback((callId: string, outcome: Outcome) => {
    setRows((before) => before.map((row) => (row.approval.callId === callId && row.outcome?.isOwn !== true ? { ...row, outcome } : row)));
  }, []);

  // One that is not asked any more was answered by somebody else, or by nobody in time.
  useEffect(() => {
    if (list.isLoading || list.error !== undefined) return;
    const asked = new Set(approvals.map(({ callId }) => callId));
    for (const { approval, outcome } of rows) {
      const { callId } = approval;
      const isAtWork = deciding.current.has(callId) || lookingUp.current.has(callId);
      if (outcome !== undefined || asked.has(callId) || isAtWork) continue;
      lookingUp.current.add(callId);
      client.approvals
        .list({ callId })
        .then(({ items: [now] }) => {
          if (now === undefined) settle(callId, { status: 'gone', isOwn: false });
          else if (now.status !== 'pending') settle(callId, { status: now.status, by: now.by, reason: now.reason, isOwn: false });
        })
        .catch(() => {}) // Asked again with the next reading.
        .finally(() => lookingUp.current.delete(callId));
    }
  }, [client, rows, approvals, list.isLoading, list.error, settle]);

  const decide = async (callId: string, act: () => Promise<Decision>): Promise<void> => {
    deciding.current.add(callId);
    try {
      settle(callId, { ...(await act()), isOwn: true });
    } catch (cause) {
      const decision = cause instanceof VerbatimError ? decisionOf(cause) : undefined;
      if (decision === undefined) throw cause;
      settle(callId, { ...decision, isOwn: false });
    } finally {
      deciding.current.delete(callId);
    }
  };

  return {
    rows,
    waiting: waitingOf(approvals),
    isLoading: list.isLoading,
    error: list.error,
    more: list.hasMore ? () => void list.loadMore() : undefined,
    isLoadingMore: list.isLoadingMore,
    reload: () => void list.reload(),
    approve: (callId, options) => decide(callId, () => list.approve(callId, options)),
    reject: (callId, options) => decide(callId, () => list.reject(callId, options)),
    clear: () => setRows((before) => before.filter(({ outcome }) => outcome === undefined)),
  };
}

function merged(before: readonly InboxRow[], approvals: readonly ApprovalInfo[]): readonly InboxRow[] {
  const rows = new Map(before.map((row) => [row.approval.callId, row]));
  for (const approval of approvals) {
    const { callId } = approval;
    if (rows.get(callId)?.outcome === undefined) rows.set(callId, { approval });
  }
  return [...rows.values()].sort((a, b) => a.approval.requestedAt - b.approval.requestedAt);
}
