import type { ReactNode } from 'react';

const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const LONG = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** A moment, in the reader's own time; nothing where there is none. */
export function TimeText({ at }: { readonly at: number | undefined }): ReactNode {
  if (at === undefined) return null;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={LONG.format(date)}>
      {SHORT.format(date)}
    </time>
  );
}
