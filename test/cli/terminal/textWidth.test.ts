import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { graphemesOf, textWidth } from '../../../src/cli/terminal/textWidth.ts';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const PIECES = [
  '東京',
  'Ärger',
  'e\u0301',
  '👩‍👩‍👧',
  '🇫🇷🇩🇪',
  'か\u3099',
  '한국\u11a8',
  'й',
  'и\u0306',
  '©\ufe0f',
  '1\ufe0f\u20e3',
  'क्षि',
  '\r\n',
  'a\u200db',
  '𝒳',
  '“x”',
  'ไทย',
  '\u0600١',
];

test('a text is cut where the segmenter cuts it, however it is put together and wherever a piece ends', () => {
  for (let at = 0; at < 1_500; at++) {
    const text = [0, 1, 2, 3, 4].map((step) => PIECES[(at * (step + 1) + step * 7) % PIECES.length]).join(at % 3 === 0 ? ' ' : '');
    const expected = Array.from(segmenter.segment(text), ({ segment }) => segment);
    expect(graphemesOf(text)).toEqual(expected);
  }
  for (const piece of PIECES.filter((one) => one !== '\r\n')) {
    const text = `x${piece.repeat(800)}`;
    expect(graphemesOf(text)).toEqual(Array.from(segmenter.segment(text), ({ segment }) => segment));
    expect(textWidth(text)).toBe(stringWidth(text));
  }
});

test.each(['東京', '🇫🇷', 'ไทย', 'a\u0301', '\u0301'])('100,000 times %s is cut and measured in a moment', (text) => {
  const long = text.repeat(100_000 / text.length);
  const begun = performance.now();
  expect(graphemesOf(long).join('')).toBe(long);
  textWidth(long);
  expect(performance.now() - begun).toBeLessThan(3_000);
});
