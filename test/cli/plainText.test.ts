import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainJson, plainLine, plainText } from '../../src/cli/plainText.ts';

test.each([
  ['clears the screen', 'a\u001b[2Jb', 'a␛[2Jb'],
  ['writes the clipboard', '\u001b]52;c;cm0gLXJm\u0007', '␛]52;c;cm0gLXJm␇'],
  ['begins by one character of 8 bits', '\u009b31m', '\\u009b31m'],
  ['writes over the line', 'rm -rf\rls', 'rm -rf␍ls'],
  ['takes letters back', 'ab\b\bcd\u007f', 'ab␈␈cd␡'],
  ['turns the direction', 'a\u202egpj.exe', 'a\\u202egpj.exe'],
])('what %s is shown', (_, text, plain) => {
  expect(plainText(text)).toBe(plain);
});

test('lines, tabs, letters of all scripts and emoji stay what they are', () => {
  const text = 'a\n\tb é 日本語 עברית\u200e 👩‍👩‍👧 x';
  expect(plainText(text)).toBe(text);
  expect(plainText('a\r\nb')).toBe('a\nb');
});

test('on one line, white space is one space', () => {
  expect(plainLine('  a\n\n\tb\r\nc\u001b[0m ')).toBe('a b c␛[0m');
});

test('no text controls a terminal, in whatever pieces it comes', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
  const commands = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
  const pieces = fc.array(fc.string({ unit: 'binary' }));
  fc.assert(fc.property(pieces, (texts) => !commands.test(texts.map(plainText).join('')) && !commands.test(plainLine(texts.join('')))));
});

test('JSON says the same and holds none', () => {
  const value = { a: '\u009b31m\u007f\u202e\u001b[2J\u2028' };
  const json = plainJson(JSON.stringify(value));
  expect(json).toBe('{"a":"\\u009b31m\\u007f\\u202e\\u001b[2J\\u2028"}');
  expect(JSON.parse(json)).toEqual(value);
});
