import type { ReactNode } from 'react';
import type { ApprovalInfo } from 'verbatim-agents/client';
import { Link } from 'wouter';
import { strings } from '../../strings.ts';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { Person } from '../../ui/person.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { titleOf } from '../threads/titleOf.ts';

const text = strings.approvals;

/** Where it is asked, for whom and since when. A thread that the caller may not read has no links. */
export function ApprovalFacts({ approval }: { readonly approval: ApprovalInfo }): ReactNode {
  const { agent, thread, threadId, runId, ownerId, requestedAt, expiresAt } = approval;
  const facts: readonly Fact[] = [
    [
      text.agent,
      <Link key="to" href={`/agents/${encodeURIComponent(agent)}`}>
        {agent}
      </Link>,
    ],
    [text.whose, ownerId === undefined ? text.you : <Person key="who" id={ownerId} />],
    [
      text.thread,
      thread === undefined ? (
        text.unreadable
      ) : (
        <Link key="to" href={`/threads/${threadId}`}>
          {titleOf(thread, text.untitled)}
        </Link>
      ),
    ],
    [
      text.run,
      thread !== undefined && (
        <Link key="to" href={`/runs/${runId}`}>
          {text.inspect}
        </Link>
      ),
    ],
    [text.until, expiresAt !== undefined && <TimeText at={expiresAt} />],
    [text.asked, <TimeText key="at" at={requestedAt} />],
  ];
  return <Facts className="approval-facts" facts={facts} />;
}
