import type { ReactNode } from 'react';
import { useApprovals } from 'verbatim-agents/react';
import { strings } from './strings.ts';

/** How often the inbox looks whether others have decided, or were asked. */
export const INBOX_REFRESH_MS = 3_000;
/** Beside other pages it need not be of this second. */
const REFRESH_MS = 30_000;

/** How many questions the user may answer, beside the way to them; nothing when there are none. */
export function OpenApprovals({ isInbox }: { readonly isInbox: boolean }): ReactNode {
  // Beside the inbox it is the same list, and says the same.
  const { approvals, hasMore } = useApprovals({ refreshMs: isInbox ? INBOX_REFRESH_MS : REFRESH_MS });
  const count = waitingOf(approvals);
  if (count === 0) return null;
  return (
    <span className="shell-count">
      <span aria-hidden="true">{hasMore ? `${count}+` : count}</span>
      <span className="hidden">{strings.approvals.count(count, hasMore)}</span>
    </span>
  );
}

/** Of those that are asked, how many the user may answer. */
export function waitingOf(approvals: readonly { readonly mayDecide?: boolean | undefined }[]): number {
  return approvals.filter(({ mayDecide }) => mayDecide === true).length;
}
