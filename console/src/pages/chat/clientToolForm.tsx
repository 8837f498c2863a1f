import { type FormEvent, type ReactNode, useState } from 'react';
import type { Json, ToolCall } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { emptyValue } from '../../ui/jsonForm/fieldSchema.ts';
import { JsonForm } from '../../ui/jsonForm/jsonForm.tsx';
import { JsonTree } from '../../ui/jsonTree.tsx';
import { Refusal } from '../../ui/refusal.tsx';
import { toolOf } from '../../ui/toolOf.ts';
import { useAttempt } from '../../ui/useAttempt.ts';
import { useChat } from './chatContext.ts';
import '../../ui/approvalForm.css';

export interface ClientToolFormProps {
  readonly call: ToolCall;
  readonly agent: string | undefined;
}

/** A call that the client carries out: here that is the person who reads. */
export function ClientToolForm({ call: { callId, tool, input }, agent }: ClientToolFormProps): ReactNode {
  const { agents, submitToolResult, failToolCall } = useChat();
  const schema = toolOf(agents, agent, tool)?.output;
  const [output, setOutput] = useState<unknown>(() => (schema === undefined ? undefined : emptyValue(schema)));
  const [why, setWhy] = useState('');
  const { isBusy, error, run } = useAttempt();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The edge: the fields make JSON.
    void run(() => submitToolResult(callId, (output ?? null) as Json));
  };

  return (
    <form className="approval-form" aria-label={strings.chat.clientTool.title(tool)} onSubmit={submit}>
      <p className="approval-form-title">{strings.chat.clientTool.title(tool)}</p>
      {input !== undefined && <JsonTree value={input} />}
      <JsonForm schema={schema} value={output} label={strings.chat.tool.output} disabled={isBusy} onChange={setOutput} />
      <Refusal error={error} />
      <div className="approval-form-foot">
        <button type="submit" className="button primary" disabled={isBusy}>
          {strings.chat.clientTool.submit}
        </button>
        <input
          aria-label={strings.chat.clientTool.why}
          placeholder={strings.chat.clientTool.why}
          value={why}
          disabled={isBusy}
          onChange={({ target }) => setWhy(target.value)}
        />
        <button
          type="button"
          className="button danger"
          disabled={isBusy || why.trim() === ''}
          onClick={() => void run(() => failToolCall(callId, why.trim()))}
        >
          {strings.chat.clientTool.fail}
        </button>
      </div>
    </form>
  );
}
