import { memo, type ReactNode } from 'react';
import type { Json, ToolCall } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { formatDuration } from '../../ui/formats.ts';
import { JsonTree } from '../../ui/jsonTree.tsx';
import { useNameOf } from '../../ui/useNames.ts';
import { ApprovalForm } from './approvalForm.tsx';
import { useChat } from './chatContext.ts';
import { ChildRuns } from './childRuns.tsx';
import { ClientToolForm } from './clientToolForm.tsx';
import { FileChip } from './fileChip.tsx';
import { useCallTime } from './useCallTime.ts';
import './toolCard.css';

export interface ToolCardProps {
  readonly call: ToolCall;
  /** Who called it. */
  readonly agent: string | undefined;
}

/** A tool call in one line, with all that went into it and came of it below. What it waits for stands under the line, unfolded. */
export const ToolCard = memo(function ToolCard({ call, agent }: ToolCardProps): ReactNode {
  const { callId, tool, status, approval, waitsFor } = call;
  const isAsked = approval?.status === 'pending';
  const isForClient = status === 'waiting' && waitsFor === 'client' && !isAsked;
  const shown = isAsked ? 'approval' : isForClient ? 'client' : status;
  const { isReadOnly } = useChat();
  const durationMs = useCallTime(call);
  const decider = useNameOf(approval?.by);
  return (
    <div className="tool-card">
      <details>
        <summary>
          <span className="tool-card-mark" data-status={shown} aria-hidden="true" />
          <span className="tool-card-name">{tool}</span>
          <span className="tool-card-brief">{briefOf(call)}</span>
          <span className="tool-card-status" data-status={shown}>
            {strings.chat.tool.status[shown]}
            {durationMs !== undefined && <span className="tool-card-time"> · {formatDuration(durationMs)}</span>}
          </span>
        </summary>
        <div className="tool-card-body">
          <ToolCardParts call={call} />
        </div>
      </details>
      {call.editedInput !== undefined && <p className="tool-card-edited">{strings.chat.tool.editedBy(decider ?? '')}</p>}
      {status === 'running' && call.progress !== undefined && <Progress data={call.progress} />}
      {call.error !== undefined && <p className="tool-card-error error">{call.error.message}</p>}
      {call.file !== undefined && (
        <div className="tool-card-file">
          <FileChip file={call.file} />
        </div>
      )}
      {isAsked && !isReadOnly && <ApprovalForm call={call} agent={agent} />}
      {isForClient && !isReadOnly && <ClientToolForm call={call} agent={agent} />}
      {(waitsFor === 'agent' || waitsFor === 'agents') && <ChildRuns callId={callId} />}
    </div>
  );
});

function ToolCardParts({ call }: { readonly call: ToolCall }): ReactNode {
  const { input, editedInput, rejected, output, progress, approval } = call;
  const decider = useNameOf(approval?.by);
  return (
    <>
      {rejected !== undefined && <Part title={strings.chat.tool.whatModelWrote}>{<pre>{rejected}</pre>}</Part>}
      {input !== undefined && <Part title={strings.chat.tool.input}>{<JsonTree value={input} />}</Part>}
      {editedInput !== undefined && <Part title={strings.chat.tool.edited}>{<JsonTree value={editedInput} />}</Part>}
      {approval !== undefined && approval.status !== 'pending' && (
        <p className="tool-card-note">
          {strings.chat.approval.by[approval.status]}
          {(approval.status === 'approved' || approval.status === 'rejected') && ` ${decider ?? ''}`}
          {approval.reason !== undefined && `: ${approval.reason}`}
        </p>
      )}
      {progress !== undefined && <Part title={strings.chat.tool.progress}>{<JsonTree value={progress} />}</Part>}
      {output !== undefined && <Part title={strings.chat.tool.output}>{<JsonTree value={output} />}</Part>}
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="tool-card-part">
      <p className="tool-card-title">{title}</p>
      {children}
    </div>
  );
}

/** A share of the whole, where the tool tells one: `{ done, total }`, or `percent`. */
function Progress({ data }: { readonly data: Json }): ReactNode {
  // The edge: each part is looked at before it is used.
  const { done, total, percent, text, message } = (typeof data === 'object' && data !== null ? data : {}) as Readonly<
    Record<string, unknown>
  >;
  const share =
    typeof percent === 'number'
      ? percent / 100
      : typeof done === 'number' && typeof total === 'number' && total > 0
        ? done / total
        : undefined;
  const said = [text, message, data].find((value) => typeof value === 'string');
  return (
    <div className="tool-card-progress">
      {share !== undefined && <progress max={1} value={share} aria-label={strings.chat.tool.progress} />}
      <span>
        {typeof said === 'string' ? said : share === undefined ? JSON.stringify(data).slice(0, 200) : `${Math.round(share * 100)} %`}
      </span>
    </div>
  );
}

const BRIEF_LENGTH = 80;

/** The first plain values of the input: often enough to know what was asked. */
function briefOf({ input, editedInput }: ToolCall): string {
  const shown = editedInput ?? input;
  if (typeof shown !== 'object' || shown === null) return shown === undefined ? '' : String(shown).slice(0, BRIEF_LENGTH);
  const plain = Object.values(shown).filter((value) => typeof value === 'string' || typeof value === 'number');
  return plain.join(', ').slice(0, BRIEF_LENGTH);
}
