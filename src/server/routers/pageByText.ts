import { decodeTextToken, encodeTextToken } from '../../db/pageToken.ts';
import type { Page } from '../../protocol/procedures.ts';

/** A page of what is in memory, sorted by a text that each has for itself. */
export function pageByText<Row>(
  rows: readonly Row[],
  textOf: (row: Row) => string,
  { limit, pageToken }: { readonly limit: number; readonly pageToken: string | undefined },
): Page<Row> {
  const after = pageToken === undefined ? undefined : decodeTextToken(pageToken);
  const sorted = rows
    .map((row) => ({ row, text: textOf(row) }))
    .filter(({ text }) => after === undefined || text > after)
    .sort((a, b) => (a.text < b.text ? -1 : 1));
  const items = sorted.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ row }) => row),
    ...(sorted.length > limit && last !== undefined && { nextPageToken: encodeTextToken(last.text) }),
  };
}
