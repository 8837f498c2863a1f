import { memo, type ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { formatCost, formatCount } from '../../ui/formats.ts';
import { formatSpan } from './formatSpan.ts';
import type { TimelineNode, TimelineRow } from './timelineNode.ts';
import type { TimeScale } from './timeScale.ts';

export interface WaterfallRowProps {
  readonly row: TimelineRow;
  readonly index: number;
  readonly top: number;
  readonly scale: TimeScale;
  readonly isSelected: boolean;
  /** Undefined where there is nothing in it. */
  readonly isOpen: boolean | undefined;
  onSelect(id: string): void;
  onFold(id: string, fold: boolean): void;
}

const text = strings.run;

export const WaterfallRow = memo(function WaterfallRow(props: WaterfallRowProps): ReactNode {
  const { row, index, top, scale, isSelected, isOpen, onSelect, onFold } = props;
  const { node, level } = row;
  const figures = figuresOf(node, scale);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all its rows.
    <div
      role="treeitem"
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={isOpen}
      tabIndex={isSelected ? 0 : -1}
      className="waterfall-row"
      data-index={index}
      data-kind={node.kind}
      data-state={node.state}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(node.id)}
    >
      <div className="waterfall-label" style={{ paddingInlineStart: `${(level - 1) * 0.9 + 0.4}rem` }}>
        {/* The keys of the tree do the same. */}
        <span
          className="waterfall-fold"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onFold(node.id, isOpen === true);
          }}
        >
          {isOpen === undefined ? '' : isOpen ? '▾' : '▸'}
        </span>
        <span className="waterfall-kind" title={text.kinds[node.kind]}>
          <span className="hidden">{text.kinds[node.kind]}</span>
        </span>
        <span className="waterfall-name">{node.label}</span>
        {node.note !== undefined && <span className="waterfall-note">{node.note}</span>}
      </div>
      <span className="hidden">{text.states[node.state]}</span>
      <div className="waterfall-chart" aria-hidden="true">
        <Bar node={node} scale={scale} />
      </div>
      <div className="waterfall-figures">{figures.join(' · ')}</div>
    </div>
  );
});

function Bar({ node, scale }: { readonly node: TimelineNode; readonly scale: TimeScale }): ReactNode {
  const { startAt, endAt = scale.endAt, waits, firstTokenAt } = node;
  if (startAt === undefined) return <span className="waterfall-timeless">{text.noTimes}</span>;
  const shareOf = (at: number): number => (scale.placeOf(at) / scale.lengthMs) * 100;
  const from = shareOf(startAt);
  if (node.kind === 'attempt' || node.kind === 'mark') return <i className="waterfall-point" style={{ left: `${from}%` }} />;
  return (
    <>
      <i className="waterfall-bar" style={{ left: `${from}%`, width: `${shareOf(endAt) - from}%` }} />
      {waits.map((wait) => (
        <i
          key={wait.from}
          className="waterfall-wait"
          style={{ left: `${shareOf(wait.from)}%`, width: `${shareOf(wait.to ?? endAt) - shareOf(wait.from)}%` }}
        />
      ))}
      {firstTokenAt !== undefined && (
        <i
          className="waterfall-first"
          title={text.firstToken(formatSpan(firstTokenAt - startAt))}
          style={{ left: `${shareOf(firstTokenAt)}%` }}
        />
      )}
    </>
  );
}

function figuresOf({ kind, startAt, endAt, usage, firstTokenAt }: TimelineNode, scale: TimeScale): readonly string[] {
  const isPoint = kind === 'attempt' || kind === 'mark' || (kind === 'tool' && startAt === endAt);
  return [
    ...(startAt === undefined || isPoint ? [] : [formatSpan((endAt ?? scale.endAt) - startAt)]),
    ...(firstTokenAt === undefined || startAt === undefined ? [] : [text.firstToken(formatSpan(firstTokenAt - startAt))]),
    ...(usage === undefined ? [] : [text.tokens(formatCount(usage.inputTokens), formatCount(usage.outputTokens))]),
    ...(usage?.cost === undefined ? [] : [text.cost(formatCost(usage.cost))]),
  ];
}
