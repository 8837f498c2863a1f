import type { ReactNode } from 'react';
import type { ToolCall } from 'verbatim-agents/client';
import { ApprovalForm as Form } from '../../ui/approvalForm.tsx';
import { toolOf } from '../../ui/toolOf.ts';
import { useChat } from './chatContext.ts';

export interface ApprovalFormProps {
  readonly call: ToolCall;
  readonly agent: string | undefined;
}

/** Asks whether a call may be made, where it was asked for. */
export function ApprovalForm({ call, agent }: ApprovalFormProps): ReactNode {
  const { callId, tool, input, approval, expiresAt } = call;
  const { agents, approve, reject } = useChat();
  return (
    <Form
      asked={{ tool, input, question: approval?.question, role: approval?.role, expiresAt }}
      schema={toolOf(agents, agent, tool)?.input}
      onApprove={(options) => approve(callId, options)}
      onReject={(options) => reject(callId, options)}
    />
  );
}
