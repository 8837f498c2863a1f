import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { type ApprovalOptions, type Json, VerbatimError } from 'verbatim-agents/client';
import { strings } from '../strings.ts';
import { decisionOf, decisionText } from './decision.ts';
import { JsonForm } from './jsonForm/jsonForm.tsx';
import { JsonTree } from './jsonTree.tsx';
import { Refusal } from './refusal.tsx';
import { TimeText } from './timeText.tsx';
import { useAttempt } from './useAttempt.ts';
import { useNameOf } from './useNames.ts';
import './approvalForm.css';

const text = strings.chat.approval;

export interface ApprovalFormProps {
  readonly asked: {
    readonly tool: string;
    readonly input: unknown;
    readonly question?: string | undefined;
    readonly role?: string | undefined;
    readonly expiresAt?: number | undefined;
  };
  /** JSON schema of the input; JSON is written where there is none. */
  readonly schema: unknown;
  /** What is around it tells the question, for whom it is and until when: of the input there is a tree, until somebody wants to edit it. */
  readonly isInbox?: boolean;
  /** What it rejects with is shown. */
  onApprove(options: ApprovalOptions): Promise<unknown>;
  onReject(options: Omit<ApprovalOptions, 'input'>): Promise<unknown>;
}

/** Asks whether a call may be made: with the input of the model, or with what a person makes of it. */
export function ApprovalForm({ asked, schema, isInbox = false, onApprove, onReject }: ApprovalFormProps): ReactNode {
  const { tool, question = text.title(tool), role, expiresAt } = asked;
  const id = useId();
  const [input, setInput] = useState<unknown>(asked.input);
  const [isEditing, setEditing] = useState(!isInbox);
  const [reason, setReason] = useState('');
  const [remember, setRemember] = useState<'' | 'run' | 'thread'>('');
  const { isBusy, error, run } = useAttempt();
  const isEdited = JSON.stringify(input) !== JSON.stringify(asked.input);

  const given = { ...(reason.trim() !== '' && { reason: reason.trim() }), ...(remember !== '' && { remember }) };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The edge: the fields make JSON.
    void run(() => onApprove({ ...given, ...(isEdited && { input: input as Json }) }));
  };

  return (
    <form className="approval-form" aria-labelledby={`${id}-title`} onSubmit={submit}>
      <p id={`${id}-title`} className={isInbox ? 'hidden' : 'approval-form-title'}>
        {question}
      </p>
      {!isInbox && (role !== undefined || expiresAt !== undefined) && (
        <p className="approval-form-note">
          {role !== undefined && `${text.role(role)} `}
          {expiresAt !== undefined && (
            <>
              {text.until} <TimeText at={expiresAt} />.
            </>
          )}
        </p>
      )}
      {isInbox && (
        <div className="approval-form-input">
          <span>{strings.chat.tool.input}</span>
          <button
            type="button"
            className="button quiet"
            disabled={isBusy}
            onClick={() => {
              setInput(asked.input);
              setEditing(!isEditing);
            }}
          >
            {isEditing ? text.editNot : text.edit}
          </button>
        </div>
      )}
      {isEditing ? (
        <JsonForm schema={schema} value={input} label={strings.chat.tool.input} disabled={isBusy} onChange={setInput} />
      ) : (
        <JsonTree value={input} />
      )}
      <div className="approval-form-how">
        <input
          aria-label={text.reason}
          placeholder={text.reason}
          value={reason}
          disabled={isBusy}
          onChange={({ target }) => setReason(target.value)}
        />
        <label className="approval-form-remember">
          <span>{text.remember}</span>
          <select
            value={remember}
            disabled={isBusy}
            onChange={({ target: { value } }) => setRemember(value === 'run' || value === 'thread' ? value : '')}
          >
            <option value="">{text.rememberNot}</option>
            <option value="run">{text.rememberRun}</option>
            <option value="thread">{text.rememberThread}</option>
          </select>
        </label>
      </div>
      <DecisionRefusal error={error} />
      <div className="approval-form-foot">
        <button type="submit" className="button primary" disabled={isBusy}>
          {isEdited ? text.approveEdited : text.approve}
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={() => void run(() => onReject(given))}>
          {text.reject}
        </button>
      </div>
    </form>
  );
}

/** That somebody was first is no failure. */
function DecisionRefusal({ error }: { readonly error: unknown }): ReactNode {
  const decision = error instanceof VerbatimError ? decisionOf(error) : undefined;
  const by = useNameOf(decision?.by);
  if (decision === undefined) return <Refusal error={error} />;
  return (
    <p role="alert">
      {text.tooLate} {decisionText({ ...decision, by })}
    </p>
  );
}
