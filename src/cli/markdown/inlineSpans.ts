import type { Token, Tokens } from 'marked';
import { plainText } from '../plainText.ts';
import type { Span, Style } from '../terminal/span.ts';

export interface InlineOptions {
  /** Without them the marks of Markdown stay, where they say what a style would. */
  readonly hasStyles: boolean;
  /** Links lead somewhere by themselves; else their address follows in brackets. */
  readonly hasLinks: boolean;
}

/** The text of a paragraph, a heading or a cell. */
export function inlineSpans(tokens: readonly Token[], options: InlineOptions, style: Style = {}): Span[] {
  return tokens.flatMap((token) => spansOf(token, options, style)).map((span) => ({ ...span, text: plainText(span.text) }));
}

function spansOf(token: Token, options: InlineOptions, style: Style): Span[] {
  const within = (more: Style, mark: string): Span[] => {
    const inner = inlineSpans(token.type === 'codespan' ? [] : childrenOf(token), options, { ...style, ...more });
    return options.hasStyles ? inner : [{ text: mark, style }, ...inner, { text: mark, style }];
  };
  switch (token.type) {
    case 'strong':
      return within({ bold: true }, '**');
    case 'em':
      return within({ italic: true }, '*');
    case 'del':
      return within({ strike: true }, '~~');
    case 'codespan': {
      const code = (token as Tokens.Codespan).text;
      return [{ text: options.hasStyles ? code : `\`${code}\``, style: { ...style, colour: 'cyan' } }];
    }
    case 'link':
      return linkSpans(token as Tokens.Link, options, style);
    case 'image': {
      const { text, href } = token as Tokens.Image;
      return linkSpans({ href, tokens: [{ type: 'text', raw: text, text: `image: ${text || 'without a description'}` }] }, options, style);
    }
    case 'br':
      return [{ text: '\n', style }];
    // The list says by its bullet whether it is done.
    case 'checkbox':
    case 'space':
    case 'def':
      return [];
    case 'text':
    case 'escape':
    case 'paragraph':
      if ('tokens' in token && token.tokens !== undefined) return inlineSpans(token.tokens, options, style);
      return [{ text: flowing(decodeEntities(textOf(token))), style }];
    default:
      return [{ text: flowing(textOf(token)), style }];
  }
}

/** A text that reads like another address than its own would mislead: then the address is shown as well. */
function linkSpans({ href, tokens }: Pick<Tokens.Link, 'href' | 'tokens'>, options: InlineOptions, style: Style): Span[] {
  const target = safeHref(href);
  const inner = inlineSpans(tokens, options, target === undefined ? style : { ...style, underline: true });
  const text = inner.map((span) => span.text).join('');
  const isSame = text === href || `mailto:${text}` === href;
  if (target === undefined) return isSame || href === '' ? inner : [...inner, { text: ` (${href})`, style: { ...style, dim: true } }];
  const linked = inner.map((span) => ({ ...span, href: target }));
  if (isSame || (options.hasLinks && !looksLikeAddress(text))) return linked;
  return [...linked, { text: ` (${target})`, style: { ...style, dim: true } }];
}

function looksLikeAddress(text: string): boolean {
  return /:\/\/|^\s*\S+\.[a-z]{2,}(?:[/:?#]\S*)?\s*$/i.test(text);
}

/** As a URL is written, without anything that a terminal would obey; undefined for what is none, or leads to no page. */
function safeHref(href: string): string | undefined {
  try {
    const { protocol, href: written } = new URL(href);
    if (!['http:', 'https:', 'mailto:'].includes(protocol) || written.length > 2_000) return undefined;
    return /^[\x21-\x7e]+$/.test(written) ? written : undefined;
  } catch {
    return undefined;
  }
}

function childrenOf(token: Token): readonly Token[] {
  return 'tokens' in token && token.tokens !== undefined ? token.tokens : [];
}

function textOf(token: Token): string {
  return 'text' in token && typeof token.text === 'string' ? token.text : token.raw;
}

/** Lines of the source are no lines of a paragraph. */
function flowing(text: string): string {
  return text.replaceAll('\n', ' ');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Those with a name. The lexer has read those with a number, and so may have made what was plain before into what is not. */
function decodeEntities(text: string): string {
  return text.replace(/&([a-z]{2,4});/g, (whole, name) => ENTITIES[name] ?? whole);
}
