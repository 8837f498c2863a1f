import type { ReactNode } from 'react';

const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const WITH_SECONDS = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const LONG = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** A moment, in the reader's own time; nothing where there is none. */
export function TimeText({ at, seconds = false }: { readonly at: number | undefined; readonly seconds?: boolean }): ReactNode {
  if (at === undefined) return null;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={LONG.format(date)}>
      {(seconds ? WITH_SECONDS : SHORT).format(date)}
    </time>
  );
}
