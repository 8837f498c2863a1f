import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { MarkdownStream } from '../../../src/cli/markdown/markdownStream.ts';

vi.setConfig({ testTimeout: 60_000 });

const block = { width: 40, hasStyles: true, hasLinks: false };

/** A block of so many words, each of which is in the text once. */
const BLOCKS: Readonly<Record<string, (words: readonly string[]) => string>> = {
  line: (words) => words.join(' '),
  lines: (words) => words.join('\n'),
  list: (words) => words.map((word) => `- ${word}`).join('\n'),
  loose: (words) => words.map((word) => `- ${word}`).join('\n\n'),
  ordered: (words) => words.map((word, at) => `${at + 1}. ${word}`).join('\n'),
  deep: (words) => words.map((word, at) => `${'  '.repeat(at % 6)}- ${word}`).join('\n'),
  item: (words) => `- ${words.join(' ')}`,
  quote: (words) => `> ${words.join(' ')}`,
  fence: (words) => `\`\`\`\n${words.join('\n')}\n\`\`\``,
  indented: (words) => words.map((word) => `    ${word}`).join('\n'),
  heading: (words) => words.map((word) => `## ${word}`).join('\n'),
  table: (words) => `| a | b |\n|---|---|\n${words.map((word) => `| ${word} | x |`).join('\n')}`,
};

const blocks = fc.array(
  fc.record({
    kind: fc.constantFrom(...Object.keys(BLOCKS)),
    words: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 30 }) },
      { weight: 1, arbitrary: fc.integer({ min: 300, max: 1_200 }) },
    ),
    gap: fc.constantFrom('\n\n', '\n\n', '\n', '\n\n\n'),
  }),
  { minLength: 1, maxLength: 5 },
);

test('however an answer is cut and however low the screen is, each word is handed out once, in order', () => {
  fc.assert(
    fc.property(blocks, fc.integer({ min: 40, max: 3_000 }), fc.integer({ min: 3, max: 30 }), (parts, piece, maxOpen) => {
      const words: string[] = [];
      const text = parts
        .map(({ kind, words: count, gap }) => {
          // Of one width: a table's columns are as wide as they were when it began.
          const own = Array.from({ length: count }, (_, at) => `w${10_000 + words.length + at}w`);
          words.push(...own);
          return `${BLOCKS[kind]?.(own)}${gap}`;
        })
        .join('');
      const stream = new MarkdownStream();
      const out: string[] = [];
      for (let at = 0; at < text.length; at += piece) {
        stream.push(text.slice(at, at + piece));
        for (const line of stream.lines(block, maxOpen).finished) out.push(line.map((span) => span.text).join(''));
      }
      for (const line of stream.end(block)) out.push(line.map((span) => span.text).join(''));
      expect(out.join(' ').match(/w\d+w/g)).toEqual(words);
    }),
    { numRuns: 40 },
  );
});
