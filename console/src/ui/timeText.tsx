import type { ReactNode } from 'react';
import { formatMoment } from './formatMoment.ts';

const LONG = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** A moment, in the reader's own time; nothing where there is none. */
export function TimeText({ at, seconds = false }: { readonly at: number | undefined; readonly seconds?: boolean }): ReactNode {
  if (at === undefined) return null;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={LONG.format(date)}>
      {formatMoment(at, { seconds })}
    </time>
  );
}
