/** Rows that are read at once: no page holds many more than it may in memory. */
const READ_ROWS = 50;

export interface BoundedPage<Row> {
  readonly limit: number;
  readonly maxBytes: number;
  /** Up to `limit` rows after another, or the first. */
  read(after: Row | undefined, limit: number): readonly Row[];
  /** Bytes of what can be long of a row. */
  sizeOf(row: Row): number;
}

/** At most `limit` rows, and of these as many as `maxBytes` hold, but at least one. `more` says that there are others after them. */
export function boundedPage<Row>({ limit, maxBytes, read, sizeOf }: BoundedPage<Row>): {
  readonly rows: readonly Row[];
  readonly more: boolean;
} {
  const rows: Row[] = [];
  let bytes = 0;
  for (;;) {
    const wanted = Math.min(READ_ROWS, limit + 1 - rows.length);
    const next = read(rows.at(-1), wanted);
    for (const row of next) {
      bytes += sizeOf(row);
      if (rows.length === limit || (rows.length > 0 && bytes > maxBytes)) return { rows, more: true };
      rows.push(row);
    }
    if (next.length < wanted) return { rows, more: false };
  }
}

/** Bytes of values of a row as JSON. */
export function jsonBytes(...values: readonly unknown[]): number {
  return values.reduce(
    (bytes: number, value) => bytes + (value === null || value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value))),
    0,
  );
}
