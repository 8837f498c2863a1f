import { describe, expect, test } from 'vitest';
import { MarkdownStream } from '../../../src/cli/markdown/markdownStream.ts';
import type { Line } from '../../../src/cli/terminal/span.ts';
import { lineWidth } from '../../../src/cli/terminal/wrapSpans.ts';

const block = { width: 50, hasStyles: true, hasLinks: false };
const textOf = (line: Line): string => line.map(({ text }) => text).join('');

const DOCUMENT = `# Title &amp; more

A paragraph with **bold**, *italic*, \`code\`, ~~struck~~ and a [link](https://example.com) that is wrapped: 東京都から発送されました.

- [x] done
- [ ] open
  1. inner
  2. inner too

- loose now

> A quote
> goes on

| Left | Right |
|:-----|------:|
| a | 1 |
| a cell that is much longer than its column can be | 22 |

~~~py
def f(x):
    return x
~~~

***

[later]: https://example.com/later

The [end][later].`;

function whole(markdown: string, options = block): string[] {
  const stream = new MarkdownStream();
  stream.push(markdown);
  return stream.end(options).map(textOf);
}

test.each([1, 2, 3, 7, 20, 50])('in pieces of %i characters it becomes what it is as a whole', (size) => {
  const stream = new MarkdownStream();
  const finished: string[] = [];
  for (let at = 0; at < DOCUMENT.length; at += size) {
    stream.push(DOCUMENT.slice(at, at + size));
    finished.push(...stream.lines(block, Number.POSITIVE_INFINITY).finished.map(textOf));
  }
  finished.push(...stream.end(block).map(textOf));
  expect(finished).toEqual(whole(DOCUMENT));
});

test('every kind of block is laid out', () => {
  expect(whole(DOCUMENT).join('\n')).toMatchInlineSnapshot(`
    "Title & more

    A paragraph with bold, italic, code, struck and a
    link (https://example.com/) that is wrapped: 東京
    都から発送されました.

    ☑ done

    ☐ open

      1. inner
      2. inner too

    • loose now

    │ A quote goes on

    Left                                       │ Right
    ───────────────────────────────────────────┼──────
    a                                          │     1
    a cell that is much longer than its column │    22
    can be                                     │      

      def f(x):
          return x

    ────────────────────────────────────────

    The end (https://example.com/later)."
  `);
});

test.each([11, 24, 80])('no line is wider than %i columns', (width) => {
  const stream = new MarkdownStream();
  stream.push(DOCUMENT);
  for (const line of stream.end({ ...block, width })) expect(lineWidth(line), textOf(line)).toBeLessThanOrEqual(Math.max(width, 14));
});

test('a block that is not over is open, and what it looks like so far is shown', () => {
  const stream = new MarkdownStream();
  stream.push('First.\n\nSome **bold te');
  const { finished, open } = stream.lines(block, 10);
  expect(finished.map(textOf)).toEqual(['First.']);
  expect(open.map(textOf)).toEqual(['', 'Some bold te']);
  expect(open[1]?.find(({ text }) => text === 'bold te')?.style?.bold).toBe(true);
});

test('of an open block that is too long the top is handed out, once', () => {
  const stream = new MarkdownStream();
  const finished: string[] = [];
  for (let at = 1; at <= 40; at++) {
    stream.push(`- ${at}\n`);
    const lines = stream.lines(block, 5);
    expect(lines.open.length).toBeLessThanOrEqual(5);
    finished.push(...lines.finished.map(textOf));
  }
  finished.push(...stream.end(block).map(textOf));
  expect(finished).toEqual(Array.from({ length: 40 }, (_, at) => `• ${at + 1}`));
});

test.each([
  ['a paragraph', 'one\ntwo'],
  ['a list', '- one\n- two'],
  ['an ordered list', '1. one\n2. two'],
  ['lists in each other', '- one\n  - two\n    - three'],
  ['indented code', '    one\n    two'],
  ['a quote', '> one'],
  ['a table', '| a | b |\n|---|---|\n| 1 | 2 |'],
  ['HTML', '<div>\none'],
])('a line that is longer than the screen, behind %s, is handed out once', (_, before) => {
  const stream = new MarkdownStream();
  const words = Array.from({ length: 2_000 }, (__, at) => `w${at}w`);
  const out: string[] = [];
  const draw = (text: string): void => {
    stream.push(text);
    out.push(...stream.lines(block, 10).finished.map(textOf));
  };
  draw(`${before}\n\n`);
  for (let at = 0; at < words.length; at += 37) draw(`${words.slice(at, at + 37).join(' ')} `);
  draw('\n\nthe end');
  out.push(...stream.end(block).map(textOf));
  expect(out.join(' ').match(/w\d+w/g)).toEqual(words);
  expect(out.join(' ')).toMatch(/one|1/);
});

describe('code', () => {
  test('has the colours of its language', () => {
    const stream = new MarkdownStream();
    stream.push('```ts\nconst a = "b"; // c\n```\n');
    const spans = stream.end(block).flat();
    const colourOf = (text: string) => spans.find((span) => span.text === text)?.style?.colour;
    expect([colourOf('const'), colourOf('"b"'), colourOf('// c')]).toEqual(['magenta', 'green', 'grey']);
  });

  test('is what an answer of JSON is', () => {
    expect(whole('{"a_b": "*c*"}')).toEqual(['  {"a_b": "*c*"}']);
  });
});

test('what would control a terminal is shown', () => {
  const text = whole('\u001b[2J `\u009b` &#27;[2J &#x202e;x <b>\u0007</b> ![&#27;[3m](x) [&#x9b;m](&#27;x)').join('');
  expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(text).toContain('␛[2J');
});
