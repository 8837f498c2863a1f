import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What a person takes for characters: an accent, a flag or a family of emoji is one with what it belongs to. */
export function graphemesOf(text: string): readonly string[] {
  return ASCII.test(text) ? text.split('') : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Columns of a terminal: two for CJK and emoji, none for what joins. Of text without commands and tabs. */
export function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The beginning that fits, with an ellipsis where something is left out. */
export function fitText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return '';
  let fitting = '';
  let used = 0;
  // Long texts are cut before they are looked at: a grapheme is seldom more than 8 units, and what is cut is not seen.
  for (const grapheme of graphemesOf(text.slice(0, width * 8))) {
    const columns = textWidth(grapheme);
    if (used + columns > width - 1) break;
    fitting += grapheme;
    used += columns;
  }
  return `${fitting}…`;
}
