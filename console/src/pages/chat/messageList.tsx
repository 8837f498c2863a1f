import { useVirtualizer, type VirtualItem, type Virtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { strings } from '../../strings.ts';
import { CatchError } from '../../ui/catchError.tsx';
import { Icon } from '../../ui/icon.tsx';
import { AssistantLine } from './assistantLine.tsx';
import { useRuns } from './chatContext.ts';
import { ChildRunsOf } from './childRuns.tsx';
import { CopiedLine } from './copiedLine.tsx';
import { Remarks } from './remarks.tsx';
import { askedAtOnce, type Row } from './rows.ts';
import { RunLine } from './runLine.tsx';
import { UserLine } from './userLine.tsx';

export interface MessageListProps {
  readonly rows: readonly Row[];
  readonly hasEarlier: boolean;
  readonly isLoadingEarlier: boolean;
  onEarlier(): void;
  /** Told of the first run that is looked at, or soon will be, once the reader has left the end. */
  onTop(runId: string): void;
}

/** Who comes nearer to the end than this is at the end, and stays there. In pixels. */
const AT_END = 24;
/** Who is nearer to the beginning than this is given older messages. */
const NEAR_BEGINNING = 1_200;
const OVERSCAN = 6;
const PADDING = 16;
/** Rows above those in the document, of which more is to be known when they come into it. */
const AHEAD = 40;

/** The conversation: only what is seen is in the document. Stays at the end while the reader is there, and else where the reader is. */
export function MessageList({ rows, hasEarlier, isLoadingEarlier, onEarlier, onTop }: MessageListProps): ReactNode {
  const scroller = useRef<HTMLElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const atEnd = useRef(true);
  const lastTop = useRef(0);
  const [seenKey, setSeenKey] = useState<string>();
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    estimateSize: (index) => estimate(rows[index]),
    overscan: OVERSCAN,
    anchorTo: 'end',
    paddingStart: PADDING,
    paddingEnd: PADDING,
  });
  list.shouldAdjustScrollPositionOnItemSizeChange = keepsBelow;
  const items = list.getVirtualItems();

  const toEnd = useCallback(() => {
    atEnd.current = true;
    setAtEnd(true);
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    lastTop.current = element.scrollTop;
  }, []);

  const total = list.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end is where the whole ends.
  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
  }, [total, toEnd]);

  const newest = useRef({ rows, hasEarlier, onEarlier });
  useEffect(() => {
    newest.current = { rows, hasEarlier, onEarlier };
  });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      const distance = scrollHeight - scrollTop - clientHeight;
      // Who goes up, by however little, leaves the end, and who comes near it is there again. Growing text moves the end, and nobody.
      const isNow = atEnd.current ? scrollTop >= lastTop.current || distance <= 2 : scrollTop > lastTop.current && distance <= AT_END;
      lastTop.current = scrollTop;
      if (scrollTop < NEAR_BEGINNING && newest.current.hasEarlier) newest.current.onEarlier();
      if (isNow === atEnd.current) return;
      atEnd.current = isNow;
      setAtEnd(isNow);
      if (!isNow) setSeenKey(newest.current.rows.findLast(isSaid)?.key);
    };
    element.addEventListener('scroll', look, { passive: true });
    // A composer that grows, or a keyboard that comes, takes room from below.
    const size = new ResizeObserver(() => {
      if (atEnd.current) toEnd();
    });
    size.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      size.disconnect();
    };
  }, [toEnd]);

  const topRun = isAtEnd ? undefined : runAt(rows, Math.max(0, (items[0]?.index ?? 0) - AHEAD));
  useEffect(() => {
    if (topRun !== undefined) onTop(topRun);
  }, [topRun, onTop]);

  // Not enough to scroll: nobody would ever come near the beginning.
  useEffect(() => {
    const height = scroller.current?.clientHeight ?? 0;
    if (hasEarlier && !isLoadingEarlier && rows.length > 0 && total <= height + NEAR_BEGINNING) onEarlier();
  }, [hasEarlier, isLoadingEarlier, onEarlier, rows.length, total]);

  // An own message is where its writer looks.
  const last = rows.findLast((row) => row.kind === 'user');
  const ownKey = last?.kind === 'user' && last.message.pending === 'sending' ? last.key : undefined;
  useLayoutEffect(() => {
    if (ownKey !== undefined) toEnd();
  }, [ownKey, toEnd]);

  const fresh = isAtEnd ? 0 : rows.slice(rows.findLastIndex(({ key }) => key === seenKey) + 1).filter(isSaid).length;
  return (
    <div className="chat-list-frame">
      <p className="chat-earlier" role="status" hidden={!isLoadingEarlier}>
        {isLoadingEarlier ? strings.chat.earlier : ''}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys. */}
      <section ref={scroller} className="chat-list" aria-label={strings.chat.conversation} tabIndex={0}>
        <div className="chat-list-all" style={{ height: total }}>
          {items.map(({ index, key, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <div
                key={key}
                ref={list.measureElement}
                data-index={index}
                className="chat-row"
                style={{ transform: `translateY(${start}px)` }}
              >
                <CatchError instead={<BrokenLine row={row} />}>
                  <RowLine row={row} />
                </CatchError>
              </div>
            );
          })}
        </div>
      </section>
      {!isAtEnd && (
        <button type="button" className="chat-to-end" onClick={toEnd}>
          <Icon name="down" /> {fresh > 0 ? strings.chat.fresh(fresh) : strings.chat.toEnd}
        </button>
      )}
    </div>
  );
}

function RowLine({ row }: { readonly row: Row }): ReactNode {
  switch (row.kind) {
    case 'user':
      return <UserLine message={row.message} />;
    case 'assistant':
      return <AssistantLine message={row.message} isFirst={row.isFirst} forkSeq={row.forkSeq} />;
    case 'remarks':
      return (
        <div className="chat-line">
          <Remarks remarks={row.remarks} />
        </div>
      );
    case 'children':
      return <AskedAtOnce runId={row.runId} />;
    case 'copied':
      return <CopiedLine />;
    case 'run':
      return <RunLine runId={row.runId} isLast={row.isLast} />;
  }
}

/** One message that cannot be shown takes nothing else with it, and its text can still be read. */
function BrokenLine({ row }: { readonly row: Row }): ReactNode {
  return (
    <article className="chat-line" aria-label={strings.chat.broken}>
      <p className="chat-quiet">{strings.chat.broken}</p>
      {'message' in row && <p className="md-plain">{row.message.text}</p>}
    </article>
  );
}

function AskedAtOnce({ runId }: { readonly runId: string }): ReactNode {
  const runs = useRuns();
  return (
    <div className="chat-line">
      <ChildRunsOf ids={askedAtOnce(runs, runId)} />
    </div>
  );
}

/**
 * Whether what is seen below a row stays where it is when its height changes. It does below one that is only being built: who comes up to it looks
 * at its end. One that grows for another reason stays where it begins.
 */
function keepsBelow({ key, start, end }: VirtualItem, _: number, list: Virtualizer<HTMLElement, Element>): boolean {
  const top = list.scrollOffset ?? 0;
  const isNew = !list.itemSizeCache.has(key) || list.elementsCache.get(key)?.querySelector('[data-filling]') != null;
  return isNew ? start < top : end <= top && list.scrollDirection !== 'backward';
}

/** The run of the first row from a place on that has one. */
function runAt(rows: readonly Row[], index: number): string | undefined {
  for (const row of rows.slice(index)) {
    if ('runId' in row) return row.runId;
    if ('message' in row && row.message.runId !== undefined) return row.message.runId;
  }
  return undefined;
}

const isSaid = ({ kind }: Row): boolean => kind !== 'run' && kind !== 'copied' && kind !== 'remarks';

/** Until it is measured. */
function estimate(row: Row | undefined): number {
  if (row === undefined || row.kind === 'run' || row.kind === 'copied') return 44;
  if (row.kind === 'remarks') return 12 + row.remarks.length * 28;
  if (row.kind === 'children') return 200;
  return 64 + Math.ceil(row.message.text.length / 90) * 24 + (row.message.role === 'assistant' ? row.message.toolCalls.length * 44 : 0);
}
