import type { Line, Span } from './span.ts';
import { graphemesOf, textWidth } from './textWidth.ts';

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly of: Span;
}

const TAB = '    ';

/**
 * Breaks spans into lines of at most `width` columns: between words, between wide characters, or, where a word is longer than a line, in
 * it. A line feed in a text ends a line; white space at a break is left out. `keepSpace` breaks at the last column alone, as code wants it.
 */
export function wrapSpans(spans: readonly Span[], width: number, { keepSpace = false } = {}): Line[] {
  const columns = Math.max(1, width);
  const lines: Line[] = [];
  let row: Cell[] = [];
  let used = 0;
  /** How many cells of the row come before the last place where it may be broken. */
  let breakAt = 0;

  const end = (cells: readonly Cell[]): void => void lines.push(joined(cells));
  const fold = (): void => {
    const at = breakAt > 0 ? breakAt : row.length;
    const kept = keepSpace ? row.slice(0, at) : withoutSpaceAtEnd(row.slice(0, at));
    end(kept);
    row = row.slice(at);
    used = row.reduce((sum, cell) => sum + cell.width, 0);
    breakAt = 0;
  };

  for (const of of spans) {
    for (const [index, part] of of.text.replaceAll('\t', TAB).split('\n').entries()) {
      if (index > 0) {
        end(row);
        row = [];
        used = 0;
        breakAt = 0;
      }
      for (const text of graphemesOf(part)) {
        const cell = { text, width: textWidth(text), of };
        const isSpace = text === ' ';
        if (!keepSpace && isSpace && used >= columns) {
          // It stands for the break.
          breakAt = row.length;
          continue;
        }
        if (!keepSpace && cell.width > 1 && row.length > 0) breakAt = row.length;
        while (used + cell.width > columns && row.length > 0) fold();
        if (!keepSpace && isSpace && row.length === 0 && lines.length > 0) continue;
        row.push(cell);
        used += cell.width;
        if (!keepSpace && (isSpace || cell.width > 1)) breakAt = row.length;
      }
    }
  }
  end(row);
  return lines;
}

function withoutSpaceAtEnd(cells: readonly Cell[]): readonly Cell[] {
  let end = cells.length;
  while (end > 0 && cells[end - 1]?.text === ' ') end -= 1;
  return cells.slice(0, end);
}

/** Cells of one span stand together again. */
function joined(cells: readonly Cell[]): Line {
  const line: Span[] = [];
  let from: Span | undefined;
  let text = '';
  const flush = (): void => {
    if (from !== undefined && text !== '') line.push({ ...from, text });
    text = '';
  };
  for (const cell of cells) {
    if (cell.of !== from) {
      flush();
      from = cell.of;
    }
    text += cell.text;
  }
  flush();
  return line;
}

/** The columns that it takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}
