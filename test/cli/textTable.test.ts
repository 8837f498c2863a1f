import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { cutToWidth, shortDuration, textTable } from '../../src/cli/textTable.ts';

const HEADS = ['ID', { head: 'TITLE', isFlexible: true }, { head: 'COUNT', align: 'right' }] as const;

test('columns are as wide as their widest cell, and wide characters count two', () => {
  const rows = [
    ['a', '日本語', '7'],
    ['bcd', 'plain', '1,000'],
  ];
  expect(textTable(HEADS, rows)).toBe('ID   TITLE   COUNT\na    日本語      7\nbcd  plain   1,000\n');
});

test('where there is no room, flexible columns are cut first, then columns are left out from the right', () => {
  const rows = [['thread_1', '日本語の長い題名です', '12']];
  expect(textTable(HEADS, rows, { width: 28 })).toBe('ID        TITLE        COUNT\nthread_1  日本語の長…     12\n');
  expect(textTable(HEADS, rows, { width: 20 })).toBe('ID        TITLE\nthread_1  日本語の…\n');
  expect(textTable(HEADS, rows, { width: 5 })).toBe('ID\nthre…\n');
});

test('no line is wider than the terminal, whatever is in it', () => {
  const cell = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('👩‍👩‍👧', '日本語日本語日本語', '\u001b[31mred', 'a\tb\nc'));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 2, max: 90 }), (rows, width) => {
      const lines = textTable(HEADS, rows, { width }).split('\n').slice(0, -1);
      return lines.length === rows.length + 1 && lines.every((line) => stringWidth(line) <= width);
    }),
    { numRuns: 200 },
  );
});

test('a cell is painted after it was cut, and knows its whole text', () => {
  const heads = [{ head: 'STATUS', isFlexible: true, paint: (shown: string, cell: string) => `<${cell}:${shown}>` }];
  expect(textTable(heads, [['completed at last']], { width: 10 })).toBe('STATUS\n<completed at last:completed…>\n');
});

test('what a terminal would obey is shown', () => {
  expect(textTable(['NAME'], [['a\u001b[2Jb\nc']])).toBe('NAME\na␛[2Jb c\n');
});

test('a text is cut between characters, never inside of one', () => {
  expect(cutToWidth('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…');
  expect(cutToWidth('日本', 4)).toBe('日本');
  expect(cutToWidth('日本語', 4)).toBe('日…');
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [59_960, '1 min'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms is %s', (ms, text) => {
  expect(shortDuration(ms)).toBe(text);
});
