import stringWidth from 'string-width';
import { plainLine } from './plainText.ts';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** May be cut short where there is no room, down to `MIN_FLEXIBLE`. */
  readonly isFlexible?: boolean;
  /** For colours: gets the cell as it is shown. */
  readonly paint?: (shown: string, cell: string) => string;
}

const GAP = 2;
const MIN_FLEXIBLE = 8;

/**
 * Rows under their heads, in columns. Where they are wider than the terminal, flexible columns are cut short, and then columns are left out from
 * the right: the first ones say which row it is. Names may come from anywhere: what a terminal would take for a command is shown.
 */
export function textTable(
  heads: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  { width = Number.POSITIVE_INFINITY }: { readonly width?: number | undefined } = {},
): string {
  const columns = heads.map((head) => (typeof head === 'string' ? { head } : head));
  const plain = rows.map((row) => row.map(plainLine));
  const wanted = columns.map(({ head }, at) => Math.max(stringWidth(head), ...plain.map((row) => stringWidth(row[at] ?? ''))));
  const widths = widthsIn(columns, wanted, width);
  const line = (row: readonly string[], isHead: boolean): string =>
    widths
      .map((room, at) => {
        const cell = row[at] ?? '';
        const shown = cutToWidth(cell, room);
        const { align, paint } = columns[at] ?? {};
        const pad = ' '.repeat(Math.max(0, room - stringWidth(shown)));
        const painted = isHead || paint === undefined ? shown : paint(shown, cell);
        return align === 'right' ? pad + painted : painted + pad;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(
      columns.map(({ head }) => head),
      true,
    ),
    ...plain.map((row) => line(row, false)),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** The width of each column that is shown. */
function widthsIn(columns: readonly Column[], wanted: readonly number[], width: number): readonly number[] {
  const least = columns.map(({ isFlexible }, at) => {
    const own = wanted[at] ?? 0;
    return isFlexible === true ? Math.min(own, MIN_FLEXIBLE) : own;
  });
  let shown = columns.length;
  while (shown > 1 && total(least.slice(0, shown)) > width) shown--;
  const widths = wanted.slice(0, shown);
  for (let excess = total(widths) - width; excess > 0; excess--) {
    // The widest gives first, so that short ones stay whole.
    const [at] = widths
      .map((own, index) => ({ own, index }))
      .filter(({ own, index }) => own > (shown === 1 ? 1 : (least[index] ?? 0)))
      .sort((a, b) => b.own - a.own)
      .map(({ index }) => index);
    if (at === undefined) break;
    widths[at] = (widths[at] ?? 0) - 1;
  }
  return widths;
}

const total = (widths: readonly number[]): number => widths.reduce((sum, own) => sum + own, 0) + GAP * (widths.length - 1);

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A line of at most this many cells of a terminal, with `…` where it was cut. Wide characters count two. */
export function cutToWidth(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…`;
}

/** A time to the minute, in UTC. */
export function shortTime(at: number | undefined): string {
  return at === undefined ? '-' : new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

/** A length of time in its two largest units, or in milliseconds. */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => Math.round(seconds) >= size);
  let rest = Math.round(seconds);
  return units
    .slice(first, first + 2)
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return `${count} ${unit}`;
    })
    .filter((part) => !part.startsWith('0 '))
    .join(' ');
}
