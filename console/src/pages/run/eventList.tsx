import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { AnyEvent } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { type EventChoice, filterEvents, typesOf } from './eventFilter.ts';
import { EventRow } from './eventRow.tsx';
import './eventList.css';

const ROW_PX = 30;
const OVERSCAN = 12;
const text = strings.run.events;

export interface EventListProps {
  readonly events: readonly AnyEvent[];
  readonly startAt: number;
  /** Shown and opened when it becomes another one. */
  readonly shownSeq: number | undefined;
  /** Keeps the newest in sight, until somebody looks at another. */
  readonly follows: boolean;
}

/** Every event, with its position and its time; each opens to what it is, word for word. */
export function EventList({ events, startAt, shownSeq, follows }: EventListProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [choice, setChoice] = useState<EventChoice>('all');
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [active, setActive] = useState(0);
  const focusSoon = useRef(false);
  const wanted = useDeferredValue(search);
  const types = useMemo(() => typesOf(events), [events]);
  const shown = useMemo(() => filterEvents(events, choice, wanted), [events, choice, wanted]);
  const list = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => shown[index]?.seq ?? index, [shown]),
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });

  const newest = useRef(shown);
  useEffect(() => {
    newest.current = shown;
  });
  useEffect(() => {
    if (shownSeq === undefined) return;
    const index = newest.current.findIndex(({ seq }) => seq >= shownSeq);
    if (index < 0) return;
    setActive(index);
    setOpen(new Set([newest.current[index]?.seq ?? shownSeq]));
    list.scrollToIndex(index, { align: 'start' });
  }, [shownSeq, list]);
  const count = shown.length;
  useEffect(() => {
    if (follows && count > 0) list.scrollToIndex(count - 1, { align: 'end' });
  }, [follows, count, list]);
  useEffect(() => {
    if (!focusSoon.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${active}"] > button`);
    if (row === null || row === undefined) return;
    focusSoon.current = false;
    row.focus({ preventScroll: true });
  });

  const press = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: shown.length - 1,
    };
    const to = moves[event.key];
    // In an opened event these keys are its own.
    if (to === undefined || !(event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const index = Math.min(Math.max(to, 0), shown.length - 1);
    focusSoon.current = true;
    setActive(index);
    list.scrollToIndex(index, { align: 'auto' });
  };
  const toggle = useCallback((seq: number, index: number): void => {
    setActive(index);
    setOpen((before) => new Set(before.has(seq) ? [...before].filter((other) => other !== seq) : [...before, seq]));
  }, []);
  const tabbable = Math.min(active, shown.length - 1);

  return (
    <div className="events">
      <div className="events-filter">
        <label>
          <span className="hidden">{text.type}</span>
          {/* The edge: the options are the choices. */}
          <select value={choice} onChange={({ target }) => setChoice(target.value as EventChoice)}>
            <option value="all">{text.all}</option>
            <option value="coarse">{text.coarse}</option>
            {types.map(([type, of]) => (
              <option key={type} value={type}>
                {type} ({of})
              </option>
            ))}
          </select>
        </label>
        <label className="events-search">
          <span className="hidden">{text.search}</span>
          <input type="search" value={search} placeholder={text.search} onChange={({ target }) => setSearch(target.value)} />
        </label>
        <span className="events-count" role="status">
          {text.count(shown.length, events.length)}
        </span>
      </div>
      <div ref={scroller} className="events-scroller">
        {shown.length === 0 && <p className="state">{text.none}</p>}
        {/* biome-ignore lint/a11y/useSemanticElements: only a few of its items are in the document, each at its own place. */}
        <div role="list" aria-label={text.label} className="events-body" style={{ height: list.getTotalSize() }} onKeyDown={press}>
          {list.getVirtualItems().map(({ index, start, key }) => {
            const event = shown[index];
            return (
              event !== undefined && (
                <EventRow
                  key={key}
                  event={event}
                  index={index}
                  count={shown.length}
                  top={start}
                  startAt={startAt}
                  isOpen={open.has(event.seq)}
                  isActive={index === tabbable}
                  measure={list.measureElement}
                  onToggle={toggle}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}
