import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useRef } from 'react';
import type { ThreadInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { ThreadRow } from './threadRow.tsx';
import type { Act } from './threadsPage.tsx';

const ROW_PX = 52;
const OVERSCAN = 10;
/** How many rows before the end the next page is asked for. */
const AHEAD = 20;
const text = strings.threads;

export interface ThreadListProps {
  readonly threads: readonly ThreadInfo[];
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly sort: 'activity' | 'created';
  /** Said when there are none. */
  readonly empty: string;
  onMore(): void;
  onAct(act: Act, thread: ThreadInfo): void;
}

/** Threads without an end: pages come as they are needed, and only what is seen is in the document. */
export function ThreadList({ threads, hasMore, isLoadingMore, sort, empty, onMore, onAct }: ThreadListProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const focusIndex = useRef<number>(undefined);
  const list = useVirtualizer({
    count: threads.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => threads[index]?.id ?? index, [threads]),
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const wantsMore = hasMore && !isLoadingMore && last >= threads.length - AHEAD;
  const more = useRef(onMore);
  useEffect(() => {
    more.current = onMore;
  });
  useEffect(() => {
    if (wantsMore) more.current();
  }, [wantsMore]);
  // The row may come into the document only now.
  useEffect(() => {
    if (focusIndex.current === undefined) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-index="${focusIndex.current}"] a`);
    if (link === null || link === undefined) return;
    focusIndex.current = undefined;
    link.focus({ preventScroll: true });
  });

  const go = (index: number): void => {
    focusIndex.current = Math.min(Math.max(index, 0), threads.length - 1);
    list.scrollToIndex(focusIndex.current, { align: 'auto' });
    scroller.current?.querySelector<HTMLElement>(`[data-index="${focusIndex.current}"] a`)?.focus({ preventScroll: true });
  };
  const press = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLAnchorElement)) return;
    const index = Number(event.target.closest<HTMLElement>('[data-index]')?.dataset.index);
    const thread = threads[index];
    if (thread === undefined) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 1);
    const isManaged = thread.access === undefined || thread.access === 'manage';
    switch (event.key) {
      case 'ArrowDown':
        go(index + 1);
        break;
      case 'ArrowUp':
        go(index - 1);
        break;
      case 'PageDown':
        go(index + page);
        break;
      case 'PageUp':
        go(index - page);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(threads.length - 1);
        break;
      case 'F2':
        if (isManaged) onAct('rename', thread);
        break;
      case 'Delete':
        if (isManaged) onAct('delete', thread);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  if (threads.length === 0) return <p className="state">{empty}</p>;
  return (
    <div ref={scroller} className="threads-scroller">
      {/* biome-ignore lint/a11y/useSemanticElements: only a few of its items are in the document, each at its own place. */}
      <div
        role="list"
        aria-label={text.title}
        aria-description={text.keys}
        className="threads-body"
        style={{ height: list.getTotalSize() }}
        onKeyDown={press}
      >
        {items.map(({ index, start, key }) => {
          const thread = threads[index];
          return (
            thread !== undefined && (
              // biome-ignore lint/a11y/useSemanticElements: see above.
              <div
                key={key}
                role="listitem"
                aria-setsize={hasMore ? -1 : threads.length}
                aria-posinset={index + 1}
                data-index={index}
                className="thread-row"
                style={{ transform: `translateY(${start}px)` }}
              >
                <ThreadRow thread={thread} at={sort === 'created' ? thread.createdAt : thread.updatedAt} onAct={onAct} />
              </div>
            )
          );
        })}
      </div>
      {isLoadingMore && (
        <p className="threads-more" role="status">
          {text.loadingMore}
        </p>
      )}
    </div>
  );
}
