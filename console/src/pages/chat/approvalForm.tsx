import type { ReactNode } from 'react';
import type { ToolCall } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { ApprovalForm as Form } from '../../ui/approvalForm.tsx';
import { JsonTree } from '../../ui/jsonTree.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { toolOf } from '../../ui/toolOf.ts';
import { useChat } from './chatContext.ts';
import { useMayDecide } from './useMayDecide.ts';

const text = strings.chat.approval;

export interface ApprovalFormProps {
  readonly call: ToolCall;
  readonly agent: string | undefined;
}

/** Asks whether a call may be made, where it was asked for; those who may not decide read what is asked, and of whom. */
export function ApprovalForm({ call, agent }: ApprovalFormProps): ReactNode {
  const { callId, tool, input, approval, expiresAt } = call;
  const { agents, approve, reject } = useChat();
  const mayDecide = useMayDecide(callId, approval?.role);
  if (!mayDecide) return <AskedOfOthers call={call} />;
  return (
    <Form
      asked={{ tool, input, question: approval?.question, role: approval?.role, expiresAt }}
      schema={toolOf(agents, agent, tool)?.input}
      onApprove={(options) => approve(callId, options)}
      onReject={(options) => reject(callId, options)}
    />
  );
}

function AskedOfOthers({ call: { tool, input, approval, expiresAt } }: { readonly call: ToolCall }): ReactNode {
  const role = approval?.role;
  return (
    <div className="approval-form">
      <p className="approval-form-title">{approval?.question ?? text.title(tool)}</p>
      <p className="approval-form-note">
        {role === undefined ? strings.approvals.forWriters : text.role(role)}
        {expiresAt !== undefined && (
          <>
            {' '}
            {text.until} <TimeText at={expiresAt} />.
          </>
        )}
      </p>
      <JsonTree value={input} />
    </div>
  );
}
