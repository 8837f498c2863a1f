import type { Token, Tokens } from 'marked';
import { EMPTY_LINE, type Line, type Span, span } from '../terminal/span.ts';
import { textWidth } from '../terminal/textWidth.ts';
import { wrapSpans } from '../terminal/wrapSpans.ts';
import { codeSpans } from './codeSpans.ts';
import { type InlineOptions, inlineSpans } from './inlineSpans.ts';
import { tableLines } from './tableLines.ts';

export interface BlockOptions extends InlineOptions {
  readonly width: number;
}

const LEAST_WIDTH = 10;
const MARK = { dim: true };

/** The lines of one block of Markdown, without the empty one between two. */
export function blockLines(token: Token, options: BlockOptions): Line[] {
  const { width, hasStyles } = options;
  switch (token.type) {
    case 'heading': {
      const { depth, tokens } = token as Tokens.Heading;
      const spans = inlineSpans(tokens, options, {
        bold: true,
        ...(depth <= 2 && { colour: 'cyan' }),
        ...(depth === 1 && { underline: true }),
      });
      return wrapSpans(hasStyles ? spans : [span(`${'#'.repeat(depth)} `), ...spans], width);
    }
    case 'code':
      return codeLines(token as Tokens.Code, options);
    case 'blockquote': {
      const inner = linesOf((token as Tokens.Blockquote).tokens, { ...options, width: Math.max(LEAST_WIDTH, width - 2) });
      return inner.map((one) => [span('│ ', MARK), ...one]);
    }
    case 'list':
      return listLines(token as Tokens.List, options);
    case 'table':
      return tableLines(token as Tokens.Table, options).lines;
    case 'hr':
      return [[span('─'.repeat(Math.min(width, 40)), MARK)]];
    case 'space':
    case 'def':
      return [];
    case 'html':
      return wrapSpans([span(token.raw.trimEnd())], width, { keepSpace: true });
    default:
      return wrapSpans(inlineSpans([token], options), width);
  }
}

/** Blocks under each other, with an empty line between two. */
export function linesOf(tokens: readonly Token[], options: BlockOptions, isTight = false): Line[] {
  const lines: Line[] = [];
  for (const token of tokens) {
    const block = blockLines(token, options);
    if (block.length === 0 || token.type === 'checkbox') continue;
    if (lines.length > 0 && !isTight) lines.push(EMPTY_LINE);
    lines.push(...block);
  }
  return lines;
}

function codeLines({ text, lang }: Tokens.Code, { width, hasStyles }: BlockOptions): Line[] {
  const spans = hasStyles ? codeSpans(text, lang) : [span(text)];
  const lines = wrapSpans(spans, Math.max(LEAST_WIDTH, width - 2), { keepSpace: true }).map((one): Line => [span('  '), ...one]);
  return hasStyles ? lines : [[span(`\`\`\`${lang ?? ''}`)], ...lines.map((one) => one.slice(1)), [span('```')]];
}

function listLines({ items, ordered, start, loose }: Tokens.List, options: BlockOptions): Line[] {
  const first = Number(start) || 1;
  const widest = ordered ? `${first + items.length - 1}. `.length : 2;
  return items.flatMap((item, index) => {
    const bullet: Span = item.task
      ? span(item.checked ? '☑ ' : '☐ ', { colour: item.checked ? 'green' : 'grey' })
      : ordered
        ? span(`${first + index}. `.padStart(widest), MARK)
        : span('• ', MARK);
    const indent = textWidth(bullet.text);
    const inner = linesOf(item.tokens, { ...options, width: Math.max(LEAST_WIDTH, options.width - indent) }, !item.loose);
    const lines = (inner.length === 0 ? [EMPTY_LINE] : inner).map(
      (one, at): Line => (at === 0 ? [bullet, ...one] : one.length === 0 ? one : [span(' '.repeat(indent)), ...one]),
    );
    return loose && index > 0 ? [EMPTY_LINE, ...lines] : lines;
  });
}
