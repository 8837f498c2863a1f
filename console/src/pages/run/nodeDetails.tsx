import { type ReactNode, useMemo } from 'react';
import type { AnyEvent } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { CopyButton } from '../../ui/copyButton.tsx';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { formatCost, formatCount } from '../../ui/formats.ts';
import { JsonTree } from '../../ui/jsonTree.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { formatOffset, formatSpan } from './formatSpan.ts';
import { SentToModel } from './sentToModel.tsx';
import type { TimelineNode } from './timelineNode.ts';

const text = strings.run.details;

export interface NodeDetailsProps {
  readonly node: TimelineNode;
  readonly events: readonly AnyEvent[];
  readonly startAt: number;
  onShowEvent(seq: number): void;
}

/** All that is known of one row of the waterfall. */
export function NodeDetails({ node, events, startAt, onShowEvent }: NodeDetailsProps): ReactNode {
  const { kind, label, note, seq, usage, step, firstTokenAt } = node;
  const values = useMemo(() => valuesOf(node, events), [node, events]);
  const facts: readonly Fact[] = [
    [text.state, strings.run.states[node.state]],
    [text.startedAt, node.startAt !== undefined && <TimeText at={node.startAt} seconds />],
    [text.offset, node.startAt !== undefined && formatOffset(Math.max(0, node.startAt - startAt))],
    [text.duration, node.startAt !== undefined && node.endAt !== undefined && formatSpan(node.endAt - node.startAt)],
    [text.firstToken, firstTokenAt !== undefined && node.startAt !== undefined && formatSpan(firstTokenAt - node.startAt)],
    [text.attempt, step?.attempt],
    [text.agent, step?.agent],
    [text.tokens, usage !== undefined && strings.run.tokens(usage.inputTokens.toLocaleString(), usage.outputTokens.toLocaleString())],
    [text.cached, usage?.cachedTokens !== undefined && formatCount(usage.cachedTokens)],
    [text.reasoning, usage?.reasoningTokens !== undefined && formatCount(usage.reasoningTokens)],
    [text.estimated, usage?.estimated === true && text.yes],
    [text.cost, usage?.cost !== undefined && formatCost(usage.cost)],
    [text.note, note],
  ];
  return (
    <section className="run-details" aria-label={text.label}>
      <header className="run-details-head">
        <h2>
          {strings.run.kinds[kind]} <span>{label}</span>
        </h2>
        {seq !== undefined && events.length > 0 && (
          <button type="button" className="button quiet" onClick={() => onShowEvent(seq)}>
            {text.showEvent(seq)}
          </button>
        )}
      </header>
      <Facts className="run-facts" facts={facts} />
      {values.map(([name, value]) => (
        <div key={name} className="run-value">
          <h3>{name}</h3>
          <CopyButton text={() => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))} />
          {typeof value === 'string' ? <pre className="run-text">{value}</pre> : <JsonTree value={value} />}
        </div>
      ))}
      {kind === 'model' && step !== undefined && (
        <div className="run-value">
          <h3>{strings.run.sent.title}</h3>
          <SentToModel key={`${node.runId}-${step.number}`} runId={node.runId} step={step.number} />
        </div>
      )}
    </section>
  );
}

/** What went into it, and what came out. */
function valuesOf({ kind, callId, messageId, runId }: TimelineNode, events: readonly AnyEvent[]): readonly (readonly [string, unknown])[] {
  return events.flatMap((event): readonly (readonly [string, unknown])[] => {
    switch (event.type) {
      case 'message.completed':
        return (kind === 'model' || kind === 'message') && event.messageId === messageId && event.text !== ''
          ? [[text.said, event.text]]
          : [];
      case 'tool.called':
        return kind === 'tool' && event.callId === callId ? [[text.input, event.input]] : [];
      case 'tool.completed':
        return kind === 'tool' && event.callId === callId ? [[text.output, event.output]] : [];
      case 'tool.file':
        return kind === 'tool' && event.callId === callId ? [[text.output, event.preview]] : [];
      case 'tool.failed':
        return kind === 'tool' && event.callId === callId
          ? [...(event.rejected === undefined ? [] : [[text.rejected, event.rejected.arguments] as const]), [text.error, event.error]]
          : [];
      case 'approval.requested':
        return kind === 'approval' && event.callId === callId ? [[text.input, event.input]] : [];
      case 'approval.resolved':
        return kind === 'approval' && event.callId === callId && event.input !== undefined ? [[text.edited, event.input]] : [];
      case 'message.received':
        return kind === 'run' && event.runId === runId ? [[text.asked, event.text]] : [];
      case 'run.completed':
        return kind === 'run' && event.runId === runId && event.output !== undefined ? [[text.output, event.output]] : [];
      case 'run.failed':
        return kind === 'run' && event.runId === runId ? [[text.error, event.error]] : [];
      default:
        return [];
    }
  });
}
