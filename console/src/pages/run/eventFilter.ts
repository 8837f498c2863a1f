import type { AnyEvent } from 'verbatim-agents/client';

/** A type of event; or all of them, with or without those that only make others grow. */
export type EventChoice = 'all' | 'coarse' | AnyEvent['type'];

const FINE: ReadonlySet<string> = new Set(['text.delta', 'reasoning.delta', 'tool.input.delta', 'tool.progress', 'run.status']);

const texts = new WeakMap<AnyEvent, string>();

export function filterEvents(events: readonly AnyEvent[], choice: EventChoice, search: string): readonly AnyEvent[] {
  const wanted = search.trim().toLowerCase();
  if (choice === 'all' && wanted === '') return events;
  return events.filter((event) => isChosen(event, choice) && (wanted === '' || textOf(event).includes(wanted)));
}

export function typesOf(events: readonly AnyEvent[]): readonly (readonly [type: AnyEvent['type'], count: number])[] {
  const counts = new Map<AnyEvent['type'], number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].sort(([left], [right]) => left.localeCompare(right));
}

function isChosen({ type }: AnyEvent, choice: EventChoice): boolean {
  return choice === 'all' || (choice === 'coarse' ? !FINE.has(type) : type === choice);
}

function textOf(event: AnyEvent): string {
  let text = texts.get(event);
  if (text === undefined) {
    text = JSON.stringify(event).toLowerCase();
    texts.set(event, text);
  }
  return text;
}
