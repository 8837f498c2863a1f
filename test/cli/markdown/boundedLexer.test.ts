import type { Token, Tokens } from 'marked';
import { expect, test } from 'vitest';
import { BoundedLexer } from '../../../src/cli/markdown/boundedLexer.ts';

const lex = (text: string): Token[] => new BoundedLexer().lex(text);

/** The costs of a length of them, or of its square, and the depth of a call for each sign: by nothing but their bounds they are read. */
const SIGNS: Readonly<Record<string, string>> = {
  quotes: `${'> '.repeat(4_000)}x`,
  'quotes without spaces': '>'.repeat(20_000),
  stars: `${'**'.repeat(20_000)}a${'**'.repeat(20_000)}`,
  'stars and words': '*a**b'.repeat(20_000),
  address: `${'a'.repeat(50_000)}@`,
  'lazy lines of a list': `- a\n${'b\n'.repeat(50_000)}`,
  columns: `${'|a'.repeat(4_000)}\n${'|-'.repeat(4_000)}\n${'|b\n'.repeat(4_000)}`,
};

test.each(Object.entries(SIGNS))('%s without end are read in a moment', (_, text) => {
  const since = performance.now();
  const tokens = lex(text);
  // Without bounds each takes seconds, or overflows the stack.
  expect(performance.now() - since).toBeLessThan(1_000);
  expect(depthOf(tokens)).toBeLessThan(50);
  expect(countOf(tokens)).toBeLessThan(60_000);
});

test('what is beyond the bound of a paragraph is the text that it is', () => {
  const [paragraph] = lex(`${'**a** '.repeat(1_000)}**end**`);
  const { tokens = [] } = paragraph as Tokens.Paragraph;
  expect(tokens[0]?.type).toBe('strong');
  expect(tokens.at(-1)).toMatchObject({ type: 'text', text: expect.stringMatching(/\*\*a\*\* \*\*end\*\*$/) });
  expect(tokens.map(({ raw }) => raw).join('')).toBe(paragraph?.raw);
});

test('a long list becomes several, cut between two of its items, and goes on with its numbers', () => {
  const text = Array.from({ length: 999 }, (_, at) => `${at + 1}. item\n     - **inner**`).join('\n');
  const lists = lex(text).filter(({ type }) => type === 'list') as Tokens.List[];
  expect(lists.length).toBeGreaterThan(2);
  expect(lists.reduce((sum, { items }) => sum + items.length, 0)).toBe(999);
  expect(lists[1]?.start).toBe((lists[0]?.items.length ?? 0) + 1);
  expect(lists.every(({ items }) => items.every(({ tokens }) => tokens.at(-1)?.type === 'list'))).toBe(true);
});

test('a list, and whatever follows it, is not cut where it is not long itself', () => {
  const text = `- one\n- two\n\n${'A paragraph of some length.\n\n'.repeat(500)}`;
  const [list] = lex(text) as Tokens.List[];
  expect(list?.items).toHaveLength(2);
});

test('a text that the reader breaks on is shown as it is', () => {
  class Broken extends BoundedLexer {
    override blockTokens(): never {
      throw new RangeError('Maximum call stack size exceeded');
    }
  }
  expect([...new Broken().lex('**a**')]).toMatchObject([{ type: 'paragraph', tokens: [{ type: 'text', text: '**a**' }] }]);
});

function children(token: Token): readonly Token[] {
  const { tokens, items, header, rows } = token as Tokens.Generic;
  // Of a cell the third is a sign of where it stands.
  return [tokens, items, header, rows?.flat()].filter(Array.isArray).flat();
}

/** Without recursion: it could be as deep as it may not be. */
function depthOf(tokens: readonly Token[]): number {
  let depth = 0;
  for (let level = tokens; level.length > 0; level = level.flatMap(children)) depth += 1;
  return depth;
}

function countOf(tokens: readonly Token[]): number {
  let count = 0;
  for (let level = tokens; level.length > 0; level = level.flatMap(children)) count += level.length;
  return count;
}
