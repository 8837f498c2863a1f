import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { Json, ToolCall } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { JsonForm } from '../../ui/jsonForm/jsonForm.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { useAttempt } from '../../ui/useAttempt.ts';
import { toolOf, useChat } from './chatContext.ts';
import './approvalForm.css';

export interface ApprovalFormProps {
  readonly call: ToolCall;
  readonly agent: string | undefined;
}

/** Asks whether a call may be made: with the input of the model, or with what a person makes of it. */
export function ApprovalForm({ call, agent }: ApprovalFormProps): ReactNode {
  const { callId, tool, approval, expiresAt } = call;
  const { agents, approve, reject } = useChat();
  const id = useId();
  const [input, setInput] = useState<unknown>(call.input);
  const [reason, setReason] = useState('');
  const [remember, setRemember] = useState<'' | 'run' | 'thread'>('');
  const { isBusy, error, run } = useAttempt();
  const isEdited = JSON.stringify(input) !== JSON.stringify(call.input);

  const given = { ...(reason.trim() !== '' && { reason: reason.trim() }), ...(remember !== '' && { remember }) };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The edge: the fields make JSON.
    void run(() => approve(callId, { ...given, ...(isEdited && { input: input as Json }) }));
  };

  return (
    <form className="approval-form" aria-labelledby={`${id}-title`} onSubmit={submit}>
      <p id={`${id}-title`} className="approval-form-title">
        {approval?.question ?? strings.chat.approval.title(tool)}
      </p>
      {(approval?.role !== undefined || expiresAt !== undefined) && (
        <p className="chat-quiet">
          {approval?.role !== undefined && `${strings.chat.approval.role(approval.role)} `}
          {expiresAt !== undefined && strings.chat.approval.expires(new Date(expiresAt).toLocaleString())}
        </p>
      )}
      <JsonForm
        schema={toolOf(agents, agent, tool)?.input}
        value={input}
        label={strings.chat.tool.input}
        disabled={isBusy}
        onChange={setInput}
      />
      <div className="approval-form-how">
        <input
          aria-label={strings.chat.approval.reason}
          placeholder={strings.chat.approval.reason}
          value={reason}
          disabled={isBusy}
          onChange={({ target }) => setReason(target.value)}
        />
        <label className="approval-form-remember">
          <span>{strings.chat.approval.remember}</span>
          <select
            value={remember}
            disabled={isBusy}
            onChange={({ target: { value } }) => setRemember(value === 'run' || value === 'thread' ? value : '')}
          >
            <option value="">{strings.chat.approval.rememberNot}</option>
            <option value="run">{strings.chat.approval.rememberRun}</option>
            <option value="thread">{strings.chat.approval.rememberThread}</option>
          </select>
        </label>
      </div>
      <Refusal error={error} />
      <div className="approval-form-foot">
        <button type="submit" className="button primary" disabled={isBusy}>
          {isEdited ? strings.chat.approval.approveEdited : strings.chat.approval.approve}
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={() => void run(() => reject(callId, given))}>
          {strings.chat.approval.reject}
        </button>
      </div>
    </form>
  );
}
