import type { Tokens } from 'marked';
import { type Line, type Span, span } from '../terminal/span.ts';
import { lineWidth, wrapSpans } from '../terminal/wrapSpans.ts';
import { type InlineOptions, inlineSpans } from './inlineSpans.ts';

const LEAST_COLUMN = 3;
const RULE = { dim: true };
const BETWEEN = span(' │ ', RULE);

/** A table within `width` columns. Wide cells are wrapped in theirs; `widths` are those of an earlier part of the same table. */
export function tableLines(
  { header, rows, align }: Tokens.Table,
  options: InlineOptions & { readonly width: number; readonly widths?: readonly number[] | undefined },
): { readonly lines: Line[]; readonly widths: readonly number[] } {
  const cells = [header, ...rows].map((row, index) =>
    header.map((_, column) => inlineSpans(row[column]?.tokens ?? [], options, index === 0 ? { bold: true } : {})),
  );
  const widths = options.widths ?? columnWidths(cells, options.width);
  const lines = cells.flatMap((row, index) => {
    const shown = rowLines(row, widths, align);
    return index === 0 ? [...shown, [span(widths.map((width) => '─'.repeat(width)).join('─┼─'), RULE)]] : shown;
  });
  return { lines, widths };
}

function rowLines(row: readonly Span[][], widths: readonly number[], align: Tokens.Table['align']): Line[] {
  const wrapped = row.map((cell, column) => wrapSpans(cell, widths[column] ?? LEAST_COLUMN));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    wrapped.flatMap((lines, column) => {
      const text = lines[at] ?? [];
      const free = Math.max(0, (widths[column] ?? 0) - lineWidth(text));
      const before = align[column] === 'right' ? free : align[column] === 'center' ? Math.floor(free / 2) : 0;
      const isLast = column === wrapped.length - 1;
      return [
        ...(column > 0 ? [BETWEEN] : []),
        ...(before > 0 ? [span(' '.repeat(before))] : []),
        ...text,
        ...(free > before && !isLast ? [span(' '.repeat(free - before))] : []),
      ];
    }),
  );
}

/** What each asks for; where that is too much, the widest give first. */
function columnWidths(cells: readonly (readonly Span[][])[], width: number): number[] {
  const count = cells[0]?.length ?? 0;
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(LEAST_COLUMN, ...cells.map((row) => Math.max(0, ...wrapSpans(row[column] ?? [], 10_000).map(lineWidth)))),
  );
  let over = widths.reduce((sum, one) => sum + one, 0) + (count - 1) * 3 - width;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_COLUMN) break;
    const next = Math.max(LEAST_COLUMN, ...widths.filter((one) => one < widest));
    const those = widths.filter((one) => one === widest).length;
    const each = Math.max(1, Math.min(widest - next, Math.floor(over / those)));
    for (const [column, one] of widths.entries()) {
      if (one !== widest || over <= 0) continue;
      widths[column] = one - each;
      over -= each;
    }
  }
  return widths;
}
