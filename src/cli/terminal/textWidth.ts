import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;
/** Letters of which each is a grapheme, unless something follows that joins: Latin, Greek, Cyrillic, Chinese, Japanese, Korean. */
const SIMPLE =
  '\\x20-\\x7e\\u00a1-\\u00ac\\u00ae-\\u02ff\\u0370-\\u0482\\u048a-\\u0556\\u2010-\\u2027\\u2400-\\u2426\\u3001-\\u3029\\u3041-\\u3096\\u30a0-\\u30ff\\u4e00-\\u9fff\\uac00-\\ud7a3\\uff01-\\uff60';
const RUNS = new RegExp(`([${SIMPLE}]+(?=[${SIMPLE}]|$))|[${SIMPLE}]?[^${SIMPLE}]+`, 'g');
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** The segmenter costs the square of a text's length: it gets so much at a time. */
const MAX_PIECE = 1_024;
const LOW_SURROGATE = /[\udc00-\udfff]/;

/** What a person takes for characters: an accent, a flag or a family of emoji is one with what it belongs to. In a time that goes by the length. */
export function graphemesOf(text: string): readonly string[] {
  if (ASCII.test(text)) return text.split('');
  const found: string[] = [];
  for (const [run, simple] of text.matchAll(RUNS)) {
    for (const grapheme of simple?.split('') ?? segmentsOf(run)) found.push(grapheme);
  }
  return found;
}

function segmentsOf(text: string): readonly string[] {
  const found: string[] = [];
  for (let from = 0; from < text.length; ) {
    const end = from + MAX_PIECE;
    // Half a character would be one by itself.
    const piece = text.slice(from, LOW_SURROGATE.test(text.charAt(end)) ? end - 1 : end);
    const segments = Array.from(graphemes.segment(piece), ({ segment }) => segment);
    // The last one may go on behind the piece, so the next piece begins with it; but for one that is a piece by itself.
    if (from + piece.length < text.length && segments.length > 1) segments.pop();
    for (const segment of segments) {
      found.push(segment);
      from += segment.length;
    }
  }
  return found;
}

/** Of single characters: measuring one costs more than all else that is done with it. */
const widths = new Map<string, number>();
const MAX_WIDTHS = 20_000;

/** Columns of a terminal: two for CJK and emoji, none for what joins. Of text without commands and tabs. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  if (text.length > 2) return text.length > MAX_PIECE ? graphemesOf(text).reduce((sum, one) => sum + textWidth(one), 0) : stringWidth(text);
  const known = widths.get(text);
  if (known !== undefined) return known;
  if (widths.size >= MAX_WIDTHS) widths.clear();
  const width = stringWidth(text);
  widths.set(text, width);
  return width;
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
