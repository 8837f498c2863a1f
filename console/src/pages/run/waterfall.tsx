import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type KeyboardEvent, type ReactNode, useCallback, useEffect, useRef } from 'react';
import { strings } from '../../strings.ts';
import { formatSpan } from './formatSpan.ts';
import type { TimelineRow } from './timelineNode.ts';
import { type TimeScale, ticksOf } from './timeScale.ts';
import { WaterfallRow } from './waterfallRow.tsx';
import './waterfall.css';

const ROW_PX = 30;
const OVERSCAN = 10;

export interface WaterfallProps {
  readonly rows: readonly TimelineRow[];
  readonly folded: ReadonlySet<string>;
  readonly scale: TimeScale;
  /** Where playing stands on the axis. */
  readonly place: number | undefined;
  readonly selectedId: string;
  onSelect(id: string): void;
  onFold(id: string, fold: boolean): void;
}

/** What the run did, each thing on a row of its own, on an axis of time. */
export function Waterfall({ rows, folded, scale, place, selectedId, onSelect, onFold }: WaterfallProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const focusSoon = useRef(false);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => rows[index]?.node.id ?? index, [rows]),
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const selected = Math.max(
    0,
    rows.findIndex(({ node }) => node.id === selectedId),
  );

  // The row may come into the document only now.
  useEffect(() => {
    if (!focusSoon.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${selected}"]`);
    if (row === null || row === undefined) return;
    focusSoon.current = false;
    row.focus({ preventScroll: true });
  });

  const go = (index: number): void => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (row === undefined) return;
    focusSoon.current = true;
    onSelect(row.node.id);
    list.scrollToIndex(rows.indexOf(row), { align: 'auto' });
  };
  const press = (event: KeyboardEvent): void => {
    const at = event.target instanceof HTMLElement ? Number(event.target.dataset.index) : selected;
    const row = rows[at];
    if (row === undefined) return;
    const { node, parentId } = row;
    const isOpen = node.children.length > 0 && !folded.has(node.id);
    switch (event.key) {
      case 'ArrowDown':
        go(at + 1);
        break;
      case 'ArrowUp':
        go(at - 1);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(rows.length - 1);
        break;
      case 'ArrowLeft':
        if (isOpen) onFold(node.id, true);
        else if (parentId !== undefined) go(rows.findIndex((other) => other.node.id === parentId));
        break;
      case 'ArrowRight':
        if (isOpen) go(at + 1);
        else if (node.children.length > 0) onFold(node.id, false);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  const shareOf = (at: number): string => `${(scale.placeOf(at) / scale.lengthMs) * 100}%`;
  const recoveries = rows.filter(({ node }) => node.kind === 'attempt');
  const playhead = place === undefined ? undefined : ({ '--at': `${(place / scale.lengthMs) * 100}%` } as CSSProperties);
  return (
    <section className="waterfall" aria-label={strings.run.waterfall}>
      <div ref={scroller} className="waterfall-scroller">
        <div className="waterfall-axis" aria-hidden="true">
          <div className="waterfall-chart">
            {ticksOf(scale).map((tick) => (
              <span key={tick} className="waterfall-tick" style={{ left: `${(tick / scale.lengthMs) * 100}%` }}>
                {formatSpan(scale.timeAt(tick) - scale.startAt)}
              </span>
            ))}
          </div>
        </div>
        <div className="waterfall-body" style={{ height: list.getTotalSize() }}>
          <div className="waterfall-chart waterfall-back" aria-hidden="true">
            {ticksOf(scale).map((tick) => (
              <i key={tick} className="waterfall-line" style={{ left: `${(tick / scale.lengthMs) * 100}%` }} />
            ))}
            {scale.gaps.map(({ from, to }) => (
              <i
                key={from}
                className="waterfall-gap"
                title={strings.run.cutWait(formatSpan(to - from))}
                style={{ left: shareOf(from), right: `calc(100% - ${shareOf(to)})` }}
              />
            ))}
            {recoveries.map(({ node }) => (
              <i key={node.id} className="waterfall-recovery" style={{ left: shareOf(node.startAt ?? scale.startAt) }} />
            ))}
          </div>
          <div role="tree" aria-label={strings.run.waterfall} onKeyDown={press} tabIndex={-1} className="waterfall-tree">
            {list.getVirtualItems().map(({ index, start, key }) => {
              const row = rows[index];
              return (
                row !== undefined && (
                  <WaterfallRow
                    key={key}
                    row={row}
                    index={index}
                    top={start}
                    scale={scale}
                    isSelected={index === selected}
                    isOpen={row.node.children.length === 0 ? undefined : !folded.has(row.node.id)}
                    onSelect={onSelect}
                    onFold={onFold}
                  />
                )
              );
            })}
          </div>
          {playhead !== undefined && (
            <div className="waterfall-chart waterfall-front" style={playhead} aria-hidden="true">
              <i className="waterfall-later" />
            </div>
          )}
        </div>
      </div>
    </section>
  );
}
