import { expect, test } from 'vitest';
import { type Key, LineEditor } from '../../../src/cli/terminal/lineEditor.ts';

const KEYS: Readonly<Record<string, Key>> = {
  '<left>': { name: 'left' },
  '<right>': { name: 'right' },
  '<up>': { name: 'up' },
  '<down>': { name: 'down' },
  '<home>': { name: 'home' },
  '<end>': { name: 'end' },
  '<back>': { name: 'backspace' },
  '<del>': { name: 'delete' },
  '<newline>': { name: 'return', meta: true },
};

/** `^a` is Ctrl-A, `<left>` a key, anything else is typed. */
function typed(keys: string, history: readonly string[] = []): LineEditor {
  const editor = new LineEditor(history);
  for (const [key] of keys.matchAll(/<\w+>|\^\w|[\s\S]/gu)) {
    editor.press(KEYS[key] ?? (/^\^\w$/.test(key) ? { name: key.charAt(1), ctrl: true } : { name: key, sequence: key }));
  }
  return editor;
}

test.each([
  ['abc<left><left>X', 'aXbc'],
  ['👩‍👩‍👧e<left><back>', 'e'],
  ['one two three^w^w', 'one '],
  ['one two^w^a^y', 'twoone '],
  ['one two<home>^k', ''],
  ['one<newline>two<up>X', 'oneX\ntwo'],
  ['one<newline>two<home>X', 'one\nXtwo'],
  ['one<newline>two<up><end>X<down>Y', 'oneX\ntwoY'],
  ['abc^b^b^d', 'ac'],
  ['abc<home><del>', 'bc'],
  ['one<newline>two^u', 'one\n'],
])('%s becomes %j', (keys, text) => {
  expect(typed(keys).text).toBe(text);
});

test('the arrows go through what was sent, and back to what was being written', () => {
  const history = ['first', 'second\nof two lines'];
  expect(typed('draft<up>', history).text).toBe('second\nof two lines');
  expect(typed('draft<up><up><up>', history).text).toBe('first');
  expect(typed('draft<up><up><up><down><down>', history).text).toBe('draft');
});

test('an escape sequence that means nothing types nothing', () => {
  const editor = new LineEditor([]);
  editor.press({ sequence: '\u001b[99~' });
  editor.press({ name: 'x', ctrl: true, sequence: '\u0018' });
  expect(editor.text).toBe('');
});
