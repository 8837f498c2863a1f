/** Where a reader stands: it has seen every event up to `seq`. `epoch` is absent when a bare seq was given. */
export interface Cursor {
  readonly epoch: string | undefined;
  readonly seq: number;
}

/** `epoch-seq`: the id of every delivered event, and what a reader gives back to go on after it. */
export function formatCursor(epoch: string, seq: number): string {
  return `${epoch}-${seq}`;
}

/** Reads `epoch-seq`, a bare seq as text, or a number. Undefined for anything else: negative, fractional, unsafe, not a number. */
export function parseCursor(value: string | number): Cursor | undefined {
  const match = /^(?:([0-9a-z]{1,32})-)?(0|[1-9][0-9]{0,15})$/.exec(String(value));
  if (match === null) return undefined;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: match[1], seq } : undefined;
}
