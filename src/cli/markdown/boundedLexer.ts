import { Lexer, type Token, Tokenizer, type Tokens, type TokensList } from 'marked';

/** Of one paragraph, heading or cell this much is read: some patterns cost the square of their length. The rest is shown as it is written. */
const MAX_INLINE_LENGTH = 4_000;
/** What is longer becomes several blocks of the same kind, so that only the last of them is read again while it grows. */
const MAX_BLOCK_LENGTH = 6_000;
/** Of one that is underlined: each line may begin one, and so each is looked for its end. */
const MAX_HEADING_LENGTH = 500;
/** Each row has as many cells as the first one, however short it is itself. */
const MAX_CELLS = 5_000;
/** Quotes and lists in each other, and likewise marks within a line: each level is a call, and a part of the page, within the other. */
const MAX_DEPTH = 16;

const MARKED = /^ {0,3}>/;
const TABLE_BEGINS = /^([^\n]*)\n[ \t|:-]+(?:\n|$)/;

/**
 * Reads Markdown of any text in a time that goes by its length, and never throws: what is nested too deep or is too long for one block is
 * plain text, and so is a text that the reader breaks on.
 */
export class BoundedLexer extends Lexer {
  #depth = 0;

  constructor() {
    super({ gfm: true, tokenizer: new BoundedTokenizer() });
  }

  override lex(source: string): TokensList {
    try {
      return super.lex(source);
    } catch {
      // A fault of the reader: nobody can mend the text, and whoever reads it has to be able to.
      this.inlineQueue = [];
      this.tokens.splice(0, this.tokens.length, { type: 'paragraph', raw: source, text: source, tokens: [plain(source)] });
      return this.tokens;
    }
  }

  override blockTokens(source: string, tokens?: Token[], isCut?: boolean): Token[];
  override blockTokens(source: string, tokens?: TokensList, isCut?: boolean): TokensList;
  override blockTokens(source: string, tokens: Token[] = [], isCut = false): Token[] {
    return this.#within(source, tokens, () => super.blockTokens(source, tokens, isCut));
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    return this.#within(source, tokens, () => {
      super.inlineTokens(source.slice(0, MAX_INLINE_LENGTH), tokens);
      if (source.length > MAX_INLINE_LENGTH) tokens.push(plain(source.slice(MAX_INLINE_LENGTH)));
      return tokens;
    });
  }

  #within(source: string, tokens: Token[], read: () => Token[]): Token[] {
    if (this.#depth > MAX_DEPTH) {
      if (source !== '') tokens.push(plain(source));
      return tokens;
    }
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }
}

/** Each is given the beginning of what is left, and finds its block there or none. Code and paragraphs cost no more than their length. */
class BoundedTokenizer extends Tokenizer {
  override blockquote(source: string): Tokens.Blockquote | undefined {
    const lines = beginning(source);
    // A line without its mark belongs to it as far as it is read: it has to be laid out as before.
    const begun = MARKED.test(source.slice(lines.length)) ? lines : wholeWords(source);
    return cutAt(begun, source, super.blockquote(begun));
  }

  override list(source: string): Tokens.List | undefined {
    const begun = wholeWords(source);
    const list = super.list(begun);
    if (list === undefined || begun === source || list.raw.length < begun.trimEnd().length) return list;
    const items = wholeItems(begun);
    return cutAt(items, source, super.list(items));
  }

  override html(source: string): Tokens.HTML | undefined {
    return super.html(beginning(source));
  }

  override def(source: string): Tokens.Def | undefined {
    return super.def(beginning(source));
  }

  override lheading(source: string): Tokens.Heading | undefined {
    return super.lheading(beginning(source, MAX_HEADING_LENGTH));
  }

  override table(source: string): Tokens.Table | undefined {
    const head = TABLE_BEGINS.exec(source.slice(0, 2 * MAX_BLOCK_LENGTH))?.[1];
    if (head === undefined) return undefined;
    const rows = Math.floor(MAX_CELLS / head.split('|').length);
    return rows === 0 ? undefined : super.table(firstLines(source, 2 + rows));
  }
}

const cut = new WeakSet<Token>();

/** It was too long for one block: what follows is the rest of it. */
export function isCut(token: Token): boolean {
  return cut.has(token);
}

function cutAt<Block extends Token>(begun: string, source: string, block: Block | undefined): Block | undefined {
  if (block !== undefined && begun !== source && block.raw.trimEnd().length === begun.trimEnd().length) cut.add(block);
  return block;
}

/** Whole lines of it, or whole words, as long as there is one. */
function beginning(source: string, length = MAX_BLOCK_LENGTH): string {
  if (source.length <= length) return source;
  const begun = source.slice(0, length);
  return begun.slice(0, begun.lastIndexOf('\n') + 1) || wholeWords(source, length);
}

function wholeWords(source: string, length = MAX_BLOCK_LENGTH): string {
  if (source.length <= length) return source;
  const begun = source.slice(0, length);
  return begun.slice(0, Math.max(begun.lastIndexOf('\n'), begun.lastIndexOf(' ')) + 1) || begun;
}

/** Without the last one, which may go on; all of it when there is no other. */
function wholeItems(list: string): string {
  const indent = /^ */.exec(list)?.[0].length ?? 0;
  const items = [...list.matchAll(new RegExp(`\\n(?= {0,${indent}}(?:[-*+]|\\d{1,9}[.)])[ \\t])`, 'g'))];
  const last = items.at(-1);
  return last === undefined ? list : list.slice(0, last.index + 1);
}

function firstLines(source: string, count: number): string {
  let end = 0;
  for (let line = 0; line < count; line += 1) {
    end = source.indexOf('\n', end) + 1;
    if (end === 0) return source;
  }
  return source.slice(0, end);
}

function plain(text: string): Tokens.Text {
  return { type: 'text', raw: text, text };
}
