import { type ReactNode, type RefObject, useEffect, useId, useRef } from 'react';
import type { AgentInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { ApprovalForm } from '../../ui/approvalForm.tsx';
import { decisionText } from '../../ui/decision.ts';
import { formatTime } from '../../ui/formatTime.ts';
import { Icon } from '../../ui/icon.tsx';
import { JsonTree } from '../../ui/jsonTree.tsx';
import { toolOf } from '../../ui/toolOf.ts';
import { useNameOf } from '../../ui/useNames.ts';
import { ApprovalFacts } from './approvalFacts.tsx';
import type { Inbox, InboxRow, Outcome } from './useInbox.ts';

const text = strings.approvals;
/** Less than this is soon. */
const SOON_MS = 60_000;

export interface ApprovalRowProps {
  readonly row: InboxRow;
  /** Undefined: not known yet. */
  readonly agents: readonly AgentInfo[] | undefined;
  readonly now: number;
  readonly isUnfolded: boolean;
  onToggle(): void;
  readonly onApprove: Inbox['approve'];
  readonly onReject: Inbox['reject'];
}

/** One question: in a line what is asked, by whom and until when; unfolded, all of it, and the answer. */
export function ApprovalRow({ row, agents, now, isUnfolded, onToggle, onApprove, onReject }: ApprovalRowProps): ReactNode {
  const { approval, outcome } = row;
  const { callId, tool, agent, input, question, ownerId, requestedAt, expiresAt, role, mayDecide } = approval;
  const id = useId();
  const hadFocus = useRef(false);
  const owner = useNameOf(ownerId);
  const isOpen = outcome === undefined;
  const leftMs = expiresAt === undefined ? undefined : Math.max(0, expiresAt - now);
  return (
    <li
      className="approval"
      data-decided={!isOpen}
      onFocus={() => {
        hadFocus.current = true;
      }}
      onBlur={({ relatedTarget }) => {
        // To nowhere is where it goes when what had it is taken out.
        if (relatedTarget !== null) hadFocus.current = false;
      }}
    >
      <h3 className="approval-head">
        <button type="button" aria-expanded={isUnfolded} aria-controls={id} onClick={onToggle}>
          <span className="approval-fold" data-open={isUnfolded}>
            <Icon name="fold" />
          </span>
          <span className="approval-what">
            <span className="approval-tool">{tool}</span>
            <span className="approval-question">{question ?? briefOf(input)}</span>
          </span>
          <span className="approval-who">
            {text.askedBy(agent, owner)} · {text.ago(formatTime(Math.max(0, now - requestedAt)))}
          </span>
          {isOpen && leftMs !== undefined && (
            <span className="approval-left" data-soon={leftMs < SOON_MS}>
              {leftMs === 0 ? text.over : text.left(formatTime(leftMs))}
            </span>
          )}
        </button>
      </h3>
      <Ending outcome={outcome} tool={tool} hadFocus={hadFocus} />
      <div id={id} className="approval-body" hidden={!isUnfolded}>
        {isUnfolded && (
          <>
            <ApprovalFacts approval={approval} />
            {isOpen && mayDecide === true ? (
              <ApprovalForm
                asked={{ tool, input, question }}
                schema={toolOf(agents ?? [], agent, tool)?.input}
                isInbox
                onApprove={(options) => onApprove(callId, options)}
                onReject={(options) => onReject(callId, options)}
              />
            ) : (
              <div className="approval-read">
                {isOpen && <p>{role === undefined ? text.forWriters : strings.chat.approval.role(role)}</p>}
                <JsonTree value={input} />
              </div>
            )}
          </>
        )}
      </div>
    </li>
  );
}

interface EndingProps {
  readonly outcome: Outcome | undefined;
  readonly tool: string;
  readonly hadFocus: RefObject<boolean>;
}

/** How it ended, read out when that happens. It takes the focus that was in the form, which is gone then. */
function Ending({ outcome, tool, hadFocus }: EndingProps): ReactNode {
  const line = useRef<HTMLParagraphElement>(null);
  const by = useNameOf(outcome !== undefined && 'by' in outcome ? outcome.by : undefined);
  useEffect(() => {
    if (outcome !== undefined && hadFocus.current && document.activeElement === document.body) line.current?.focus();
  }, [outcome, hadFocus]);
  return (
    <p ref={line} className="approval-ending" role="status" tabIndex={-1} data-status={outcome?.status}>
      {outcome !== undefined && (
        <>
          <span className="hidden">{tool}: </span>
          {endingText(outcome.status === 'gone' ? outcome : { ...outcome, by })}
        </>
      )}
    </p>
  );
}

function endingText(outcome: Outcome): string {
  if (outcome.status === 'gone') return text.gone;
  if (outcome.isOwn && (outcome.status === 'approved' || outcome.status === 'rejected')) return text.own[outcome.status];
  return outcome.by === undefined || outcome.by === 'server' ? decisionText(outcome) : `${text.elsewhere} ${decisionText(outcome)}`;
}

const BRIEF_LENGTH = 120;

function briefOf(input: unknown): string {
  return (typeof input === 'string' ? input : JSON.stringify(input)).slice(0, BRIEF_LENGTH);
}
