import { plainText } from '../plainText.ts';
import type { Cursor } from './liveRegion.ts';
import { type Line, span } from './span.ts';
import { graphemesOf, textWidth } from './textWidth.ts';

/** More rows of a long text are not shown at once. */
const MAX_ROWS = 8;
const MARK = { colour: 'cyan' } as const;

/** A text being written, behind its prompt, and where the cursor is in it: of a long one the rows around the cursor. */
export function editorLines(
  { text, cursor }: { readonly text: string; readonly cursor: number },
  prompt: string,
  width: number,
): { readonly lines: readonly Line[]; readonly cursor: Cursor } {
  const indent = textWidth(prompt);
  const rows: string[] = [''];
  let used = 0;
  let at: Cursor = { row: 0, column: indent };
  let index = 0;
  const put = (shown: string): void => {
    const columns = textWidth(shown);
    if (indent + used + columns > width) {
      rows.push('');
      used = 0;
    }
    rows[rows.length - 1] += shown;
    used += columns;
  };
  const look = (): void => {
    if (index <= cursor) at = { row: rows.length - 1, column: indent + used };
  };
  for (const grapheme of graphemesOf(text)) {
    look();
    index += grapheme.length;
    if (grapheme === '\n' || grapheme === '\r\n') {
      rows.push('');
      used = 0;
    } else put(grapheme === '\t' ? '    ' : plainText(grapheme));
  }
  look();
  const first = Math.max(0, Math.min(at.row - MAX_ROWS + 1, rows.length - MAX_ROWS));
  const lines = rows.slice(first, first + MAX_ROWS).map((row, place) => {
    const isFirst = first + place === 0;
    return [span(isFirst ? prompt : ' '.repeat(indent), MARK), span(row)];
  });
  return { lines, cursor: { row: at.row - first, column: Math.min(at.column, width) } };
}
