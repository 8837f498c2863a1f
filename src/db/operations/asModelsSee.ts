import type { MessageRow } from '../messages.ts';
import type { RunRow } from '../runs.ts';
import type { StoredVerdict } from '../schema.ts';

/** What later runs are sent of a message that guards of several agents, asked at once, did not agree about, or that some of them blocked. */
export const WITHHELD = '[This message was withheld.]';

/** The run whose models look. */
export type Reader = Pick<RunRow, 'key' | 'parent'>;

/**
 * The words that count for a message: those of the run that it has now, and of the reader's own run, up to a position. Of agents that are asked
 * at once each has its guards, and what they say is not the others'; to all who look later it is one word of all of them.
 */
export function verdictsOf(row: Row, seq: number, reader?: Reader): readonly StoredVerdict[] {
  const said = (row.verdicts ?? []).filter((verdict) => verdict.seq <= seq);
  const own = said.filter(({ run }) => run === row.run || run === reader?.key);
  if (row.run === null || reader?.parent === row.run) return own;
  return [...own, ...agreed(said.filter(({ parent }) => parent === row.run))];
}

/** A message as a run's models see it at a position: rewritten by guards, and not at all once one has blocked it. */
export function asModelsSee(row: MessageRow, seq: number, reader?: Reader): MessageRow {
  if (row.verdicts === null || row.role !== 'user') return row;
  const blocked = verdictsOf(row, seq, reader).some(({ verdict }) => verdict === 'block');
  return { ...row, text: textFor(row, seq, reader), status: blocked ? 'dropped' : row.status };
}

/** What guards made of a message's text, or the text. */
export function textFor(row: Row & Pick<MessageRow, 'text'>, seq: number, reader?: Reader): string {
  return verdictsOf(row, seq, reader).findLast(({ verdict }) => verdict === 'rewrite')?.text ?? row.text;
}

/** What no guard of several agents would have let through is let through to nobody. A block does not drop the message: others have answered it. */
function agreed(said: readonly StoredVerdict[]): StoredVerdict[] {
  const runs = new Map(said.filter(({ verdict }) => verdict !== 'pass').map((verdict) => [verdict.run, verdict]));
  const texts = new Set([...runs.values()].map(({ verdict, text }) => (verdict === 'block' ? WITHHELD : text)));
  const [last] = [...runs.values()].slice(-1);
  return last === undefined ? [] : [{ ...last, verdict: 'rewrite', text: (texts.size === 1 ? [...texts][0] : undefined) ?? WITHHELD }];
}

type Row = Pick<MessageRow, 'run' | 'verdicts'>;
