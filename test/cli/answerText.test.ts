import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerText } from '../../src/cli/answerText.ts';

const said = (text: string) => ({ text, replaces: false });
const instead = (text: string) => ({ text, replaces: true });

test('prints pieces as they come', () => {
  const answer = new AnswerText();
  expect(answer.push('one ')).toEqual(said('one '));
  expect(answer.push('two')).toEqual(said('two'));
  expect(answer.end()).toEqual(said(''));
});

test('does not print again what is said again after a crash', () => {
  const answer = new AnswerText();
  answer.push('one two ');
  answer.discard();
  expect(answer.push('one ')).toEqual(said(''));
  expect(answer.push('two three')).toEqual(said('three'));
  expect(answer.push(' four')).toEqual(said(' four'));
});

test('a second crash in the middle of saying it again changes nothing', () => {
  const answer = new AnswerText();
  answer.push('one two three');
  answer.discard();
  expect(answer.push('one ')).toEqual(said(''));
  answer.discard();
  expect(answer.push('one two three')).toEqual(said(''));
  answer.discard();
  expect(answer.push('one two three four')).toEqual(said(' four'));
});

test('prints the whole of another answer, marked as a replacement', () => {
  const answer = new AnswerText();
  answer.push('one two');
  answer.discard();
  expect(answer.push('one ')).toEqual(said(''));
  expect(answer.push('deux')).toEqual(instead('one deux'));
  expect(answer.push(' trois')).toEqual(said(' trois'));
});

test('an answer that ends shorter replaces the longer one', () => {
  const answer = new AnswerText();
  answer.push('one two');
  answer.discard();
  expect(answer.push('one')).toEqual(said(''));
  expect(answer.end()).toEqual(instead('one'));
});

test('a run that ends with its text withdrawn says so', () => {
  const answer = new AnswerText();
  answer.push('one two');
  answer.discard();
  expect(answer.end()).toEqual(instead(''));
});

test('a message after an ended one starts from nothing', () => {
  const answer = new AnswerText();
  answer.push('one');
  answer.end();
  answer.discard();
  expect(answer.push('other')).toEqual(said('other'));
});

test('however often it is cut and withdrawn, what stands after the last replacement is the answer', () => {
  const word = fc.constantFrom('a', 'b', 'ab');
  const attempt = fc.array(word, { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 4 }), attempt, (withdrawn, last) => {
      const answer = new AnswerText();
      let screen = '';
      const print = ({ text, replaces }: { text: string; replaces: boolean }): void => {
        screen = replaces ? text : screen + text;
      };
      for (const pieces of withdrawn) {
        for (const piece of pieces) print(answer.push(piece));
        answer.discard();
      }
      for (const piece of last) print(answer.push(piece));
      print(answer.end());
      expect(screen).toBe(last.join(''));
    }),
  );
});
