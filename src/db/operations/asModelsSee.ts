import type { MessageRow } from '../messages.ts';
import type { StoredVerdict } from '../schema.ts';

/**
 * The words that count for a message: those of the run that it has now, and of the reader's own run, up to a position. Of agents that are asked
 * at once each has its guards, and what they say is not the others'.
 */
export function verdictsOf(row: Row, seq: number, reader?: number): readonly StoredVerdict[] {
  return (row.verdicts ?? []).filter(({ run, seq: at }) => (run === row.run || run === reader) && at <= seq);
}

/** A message as a run's models see it at a position: rewritten by guards, and not at all once one has blocked it. */
export function asModelsSee(row: MessageRow, seq: number, reader: number): MessageRow {
  if (row.verdicts === null || row.role !== 'user') return row;
  const blocked = verdictsOf(row, seq, reader).some(({ verdict }) => verdict === 'block');
  return { ...row, text: textFor(row, seq, reader), status: blocked ? 'dropped' : row.status };
}

/** What guards made of a message's text, or the text. */
export function textFor(row: Row & Pick<MessageRow, 'text'>, seq: number, reader: number): string {
  return verdictsOf(row, seq, reader).findLast(({ verdict }) => verdict === 'rewrite')?.text ?? row.text;
}

type Row = Pick<MessageRow, 'run' | 'verdicts'>;
