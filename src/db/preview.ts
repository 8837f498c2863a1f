/** UTF-16 units of a preview, the mark that it was cut included. */
const MAX_LENGTH = 120;
/** Code points of a message that are looked at: white space may fill many of them. */
export const PREVIEWED_CODE_POINTS = 500;

/** What a terminal or a page obeys instead of showing it; joiners stay, which emoji are made with. */
const UNSHOWN = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The beginning of a message on one line, as lists show it; null when nothing of it can be seen. It ends at the end of a grapheme. */
export function previewOf(beginning: string): string | null {
  const line = beginning.toWellFormed().replace(/\s+/gu, ' ').replace(UNSHOWN, '').trim();
  if (line === '') return null;
  if (line.length <= MAX_LENGTH) return line;
  const end = graphemes.segment(line.slice(0, MAX_LENGTH + 1)).containing(MAX_LENGTH - 1)?.index;
  // A letter may bear more marks than there is room for.
  return `${line
    .slice(0, end || MAX_LENGTH - 1)
    .toWellFormed()
    .trimEnd()}…`;
}
