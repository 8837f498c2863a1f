import type { Token, Tokens } from 'marked';
// The terminal shows the same answers, and both stay readable by the same bounds.
import { BoundedLexer } from '../../../../../src/cli/markdown/boundedLexer.ts';

/**
 * Reads Markdown that grows. What is before the last block is settled, and its tokens are the same objects as before: only the last block is
 * read again, of which the items of a list stay the same objects too. `read` with `isFinal` reads the whole once more, where that can make a
 * difference: a definition at the end can be of a link at the beginning, and a line that was cut can have begun something else.
 */
export class BlockReader {
  #settled: readonly Token[] = [];
  #settledLength = 0;
  #text = '';
  #blocks: readonly Token[] = [];
  /** All that was read ended with a line. */
  #isWhole = true;

  read(given: string, isFinal: boolean): readonly Token[] {
    // As the lexer makes them: lengths are of what it reads.
    const text = given.replace(/\r\n?/g, '\n');
    if (text === this.#text && !isFinal) return this.#blocks;
    const isAnother = !text.startsWith(this.#text.slice(0, this.#settledLength));
    if (isAnother || (isFinal && !(this.#isWhole && !text.includes(']:')))) this.#forget();
    this.#isWhole = (isAnother || this.#isWhole) && (isFinal || text.endsWith('\n'));
    const fresh = new BoundedLexer().lex(text.slice(this.#settledLength));
    const before = this.#blocks;
    const blocks = [...this.#settled, ...fresh];
    const hasDefinitions = fresh.some(({ type }) => type === 'def');
    this.#text = text;
    this.#blocks = hasDefinitions ? blocks : blocks.map((block, index) => kept(block, before[index]));
    const last = fresh.findLastIndex(({ type }) => type !== 'space');
    const done = fresh.slice(0, Math.max(0, last));
    if (done.length > 0) {
      this.#settled = this.#blocks.slice(0, this.#settled.length + done.length);
      this.#settledLength += done.reduce((length, { raw }) => length + raw.length, 0);
    }
    return this.#blocks;
  }

  #forget(): void {
    this.#settled = [];
    this.#settledLength = 0;
  }
}

/** The block that was there before, if it is the same; of a list that has grown, its items that are. */
function kept(block: Token, before: Token | undefined): Token {
  if (before === undefined || before.type !== block.type) return block;
  if (before.raw === block.raw) return before;
  if (!isList(block) || !isList(before)) return block;
  const items = block.items.map((item, index) => {
    const known = before.items[index];
    return known?.raw === item.raw && known.loose === item.loose ? known : item;
  });
  return { ...block, items };
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list';
}
