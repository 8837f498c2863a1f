import type { Lexer, Token, Tokens } from 'marked';
import { plainText } from '../plainText.ts';
import { EMPTY_LINE, type Line } from '../terminal/span.ts';
import { type BlockOptions, blockLines } from './blockLines.ts';
import { BoundedLexer, isCut } from './boundedLexer.ts';
import { tableLines } from './tableLines.ts';

/** What became final since the last time, and what may still change. */
export interface StreamedLines {
  readonly finished: readonly Line[];
  readonly open: readonly Line[];
}

/** Blocks that an empty line ends for good. A list goes on after one, and so does indented code. */
const CLOSED_BY_SPACE: ReadonlySet<string> = new Set(['paragraph', 'heading', 'hr', 'table', 'html', 'blockquote']);
const JSON_BEGINS = /^\s*(?:\{\s*["}]|\[\s*[{"])/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Markdown that arrives piece by piece, as lines. A line that was handed out as finished is never handed out again, so it can be printed
 * where nothing can be taken back; only the block that is being written is open.
 */
export class MarkdownStream {
  /** What the finished blocks leave: the open one. */
  #source = '';
  #isFirst = true;
  /** The block before, where it was cut and goes on: no empty line is between, but for the items of a loose list. */
  #goesOn: Token | undefined;
  /** Lines of the open blocks that were handed out already. Of more than one where the line that is being written follows a list: it may be of it. */
  #handedOut: number[] = [];
  /** Of the open table, from when its first line was handed out. */
  #tableWidths: readonly number[] | undefined;
  /** Of the open list, from then on. */
  #isLoose: boolean | undefined;
  #links: Lexer['tokens']['links'] = {};

  push(text: string): void {
    this.#source += plainText(text);
  }

  /** At most `maxOpen` lines stay open: those of a longer block are handed out from its top as they are. */
  lines(options: BlockOptions, maxOpen: number): StreamedLines {
    const finished = this.#takeFinished(options);
    // Mostly one; the line that is being written can look like another, for now.
    const tokens = this.#lex(withMarksClosed(this.#source), false);
    const before = { isFirst: this.#isFirst, goesOn: this.#goesOn };
    const blocks: Line[][] = [];
    for (const token of tokens) {
      const lines = this.#linesOf(token, options);
      if (lines.length === 0) continue;
      this.#passed(token);
      blocks.push(this.#leftOf(token, lines, blocks.length));
    }
    this.#isFirst = before.isFirst;
    this.#goesOn = before.goesOn;
    const open = blocks.flat();
    const excess = Math.max(0, open.length - Math.max(0, maxOpen));
    if (excess > 0) {
      finished.push(...open.slice(0, excess));
      let left = excess;
      for (const [at, { length }] of blocks.entries()) {
        const taken = Math.min(left, length);
        this.#handedOut[at] = (this.#handedOut[at] ?? 0) + taken;
        left -= taken;
      }
      this.#keepLayout(tokens[0], options);
    }
    return { finished, open: open.slice(excess) };
  }

  /** Everything that is left; what is pushed after it is another text. */
  end(options: BlockOptions): readonly Line[] {
    const lines = this.#lex(this.#source, true).flatMap((token) => this.#finish(token, options));
    this.#source = '';
    this.#isFirst = true;
    this.#goesOn = undefined;
    this.#handedOut = [];
    return lines;
  }

  /** By whole lines alone: the beginning of a line can be another thing than the line. */
  #takeFinished(options: BlockOptions): Line[] {
    const whole = this.#source.slice(0, this.#source.lastIndexOf('\n') + 1);
    const tokens = this.#lex(whole, true);
    const openAt = openBlock(tokens);
    if (openAt === 0) return [];
    const finished = tokens.slice(0, openAt).flatMap((token) => this.#finish(token, options));
    const rest = tokens.slice(openAt).map(({ raw }) => raw);
    this.#source = rest.join('') + this.#source.slice(whole.length);
    return finished;
  }

  /** What was handed out stays as it is; so what follows in the same block has to go on in the same way. */
  #keepLayout(token: Token | undefined, options: BlockOptions): void {
    if (token?.type === 'table') this.#tableWidths ??= tableLines(token as Tokens.Table, options).widths;
    if (token?.type === 'list') this.#isLoose ??= (token as Tokens.List).loose;
  }

  #finish(token: Token, options: BlockOptions): Line[] {
    const lines = this.#linesOf(token, options);
    if (lines.length === 0) return [];
    this.#passed(token);
    const left = this.#leftOf(token, lines, 0);
    this.#handedOut.shift();
    this.#tableWidths = undefined;
    if (!isCut(token)) this.#isLoose = undefined;
    return left;
  }

  /** What was not handed out of an open block. One that was cut since leaves the rest to the one that follows. */
  #leftOf(token: Token, lines: Line[], at: number): Line[] {
    const handedOut = this.#handedOut[at] ?? 0;
    if (handedOut > lines.length && isCut(token)) {
      this.#handedOut[at] = lines.length;
      this.#handedOut[at + 1] = (this.#handedOut[at + 1] ?? 0) + handedOut - lines.length;
    }
    return lines.slice(handedOut);
  }

  #passed(token: Token): void {
    this.#isFirst = false;
    this.#goesOn = isCut(token) ? token : undefined;
  }

  #linesOf(token: Token, options: BlockOptions): Line[] {
    const widths = this.#tableWidths;
    if (token.type === 'list' && this.#isLoose !== undefined) {
      const list = token as Tokens.List;
      list.loose = this.#isLoose;
      for (const item of list.items) item.loose = this.#isLoose;
    }
    const block =
      token.type === 'table' && widths !== undefined
        ? tableLines(token as Tokens.Table, { ...options, widths }).lines
        : blockLines(token, options);
    if (block.length === 0) return [];
    const isRest = this.#goesOn !== undefined && !(token.type === 'list' && isLoose(this.#goesOn));
    return this.#isFirst || isRest ? block : [EMPTY_LINE, ...block];
  }

  /** With the addresses that earlier blocks defined. */
  #lex(source: string, isWhole: boolean): Token[] {
    if (source === '') return [];
    // An answer that is JSON from its first character, as structured output is, is code.
    const text = this.#isFirst && JSON_BEGINS.test(source) ? `\`\`\`json\n${source}` : source;
    const lexer = new BoundedLexer();
    lexer.tokens.links = { ...this.#links };
    const tokens = lexer.lex(text);
    if (isWhole) this.#links = lexer.tokens.links;
    return tokens;
  }
}

function isLoose(token: Token): boolean {
  return token.type === 'list' && (token as Tokens.List).loose;
}

/** Where the first block stands that may still change: behind the last one when that is over. */
function openBlock(tokens: readonly Token[]): number {
  const last = tokens.findLastIndex(({ type }) => type !== 'space' && type !== 'def');
  const token = tokens[last];
  if (token === undefined) return 0;
  return isClosed(token, tokens.length > last + 1) ? tokens.length : last;
}

function isClosed(token: Token, isBeforeSpace: boolean): boolean {
  if (token.type === 'code') {
    const fence = FENCE.exec(token.raw)?.[1];
    // Its last line has to end: a fourth mark could follow, and then it is none.
    return (
      fence !== undefined && new RegExp(`\\n {0,3}${fence[0]}{${fence.length},}[ \\t]*\\n`).test(`${token.raw}${isBeforeSpace ? '\n' : ''}`)
    );
  }
  if (token.type === 'heading' || token.type === 'hr') return isBeforeSpace || token.raw.endsWith('\n');
  return isBeforeSpace && CLOSED_BY_SPACE.has(token.type);
}

/** Marks at whose ends the model is not yet would flicker: what is in them is shown as it will be. */
function withMarksClosed(source: string): string {
  if (FENCE.test(source)) return source;
  const last = source.slice(source.lastIndexOf('\n') + 1).trimEnd();
  const outsideCode = last.replace(/`[^`]*`/g, '');
  if (outsideCode.includes('`')) return last.endsWith('`') ? source : `${source.trimEnd()}\``;
  const isOpened = (outsideCode.match(/\*\*/g)?.length ?? 0) % 2 === 1;
  return isOpened && /\*\*\S[^*]*$/.test(last) ? `${source.trimEnd()}**` : source;
}
