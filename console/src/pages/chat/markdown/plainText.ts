import type { Token, Tokens } from 'marked';
import { BoundedLexer } from '../../../../../src/cli/markdown/boundedLexer.ts';
import { decodeEntities } from './decodeEntities.ts';

/** What Markdown says, without its signs: blocks on lines of their own. */
export function plainText(markdown: string): string {
  return new BoundedLexer().lex(markdown).map(blockText).filter(Boolean).join('\n');
}

function blockText(token: Token): string {
  const { type, tokens, items, header, rows, text, raw } = token as Tokens.Generic;
  if (type === 'space' || type === 'def' || type === 'hr') return '';
  if (type === 'list') return (items as readonly Tokens.ListItem[]).map(({ tokens }) => tokens.map(blockText).join(' ')).join('\n');
  if (type === 'table') {
    const cells = [header, ...rows] as readonly (readonly Tokens.TableCell[])[];
    return cells.map((row) => row.map(({ tokens }) => tokens.map(blockText).join('')).join(', ')).join('\n');
  }
  if (tokens !== undefined) return tokens.map(blockText).join('');
  return typeof text === 'string' ? (type === 'text' ? decodeEntities(text) : text) : raw;
}
