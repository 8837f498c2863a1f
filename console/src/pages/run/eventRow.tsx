import { memo, type ReactNode } from 'react';
import type { AnyEvent } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { CopyButton } from '../../ui/copyButton.tsx';
import { formatMoment } from '../../ui/formatMoment.ts';
import { eventLine } from './eventLine.ts';
import { formatOffset } from './formatSpan.ts';

/** Of an event's JSON, in characters, as much as is shown: the rest can be copied. */
const MAX_SHOWN = 50_000;
const text = strings.run.events;

export interface EventRowProps {
  readonly event: AnyEvent;
  readonly index: number;
  readonly count: number;
  readonly top: number;
  readonly startAt: number;
  readonly isOpen: boolean;
  /** The one that Tab leads to. */
  readonly isActive: boolean;
  readonly measure: (element: Element | null) => void;
  onToggle(seq: number, index: number): void;
}

export const EventRow = memo(function EventRow(props: EventRowProps): ReactNode {
  const { event, index, count, top, startAt, isOpen, isActive, measure, onToggle } = props;
  const { seq, firstSeq = seq, at, type } = event;
  const place = firstSeq === seq ? `${seq}` : `${firstSeq}–${seq}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the list.
    <div
      role="listitem"
      aria-setsize={count}
      aria-posinset={index + 1}
      className="event"
      data-family={type.split('.')[0]}
      data-bad={type === 'run.failed' || type === 'tool.failed' || type === 'message.discarded'}
      data-index={index}
      ref={measure}
      style={{ transform: `translateY(${top}px)` }}
    >
      <button type="button" className="event-line" aria-expanded={isOpen} tabIndex={isActive ? 0 : -1} onClick={() => onToggle(seq, index)}>
        <span className="event-seq" title={firstSeq === seq ? undefined : text.joined}>
          {place}
        </span>
        <span className="event-at" title={formatMoment(at, { seconds: true })}>
          {formatOffset(Math.max(0, at - startAt))}
        </span>
        <span className="event-type">{type}</span>
        <span className="event-words">{eventLine(event)}</span>
      </button>
      {isOpen && <EventJson event={event} />}
    </div>
  );
});

function EventJson({ event }: { readonly event: AnyEvent }): ReactNode {
  const json = JSON.stringify(event, null, 2);
  return (
    <div className="event-json">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so must be reached by keys. */}
      <section tabIndex={0} aria-label={text.json(event.seq)}>
        <pre>{json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}\n… ${text.cut}` : json}</pre>
      </section>
      <CopyButton text={() => json} />
    </div>
  );
}
