import type { Token } from 'marked';
// The terminal shows the same answers, and both stay readable by the same bounds.
import { BoundedLexer } from '../../../../../src/cli/markdown/boundedLexer.ts';

/**
 * Reads Markdown that grows. What is before the last block is settled, and its tokens are the same objects as before: only the last block is
 * read again. `read` with `isFinal` reads the whole once more, for a definition at the end can be of a link at the beginning; where there is none,
 * blocks stay the same objects.
 */
export class BlockReader {
  #settled: readonly Token[] = [];
  #settledLength = 0;
  #text = '';
  #blocks: readonly Token[] = [];

  read(text: string, isFinal: boolean): readonly Token[] {
    if (text === this.#text && !isFinal) return this.#blocks;
    if (isFinal || !text.startsWith(this.#text.slice(0, this.#settledLength))) this.#forget();
    const fresh = new BoundedLexer().lex(text.slice(this.#settledLength));
    const before = this.#blocks;
    this.#text = text;
    this.#blocks = [...this.#settled, ...fresh];
    if (isFinal && !fresh.some(({ type }) => type === 'def')) {
      this.#blocks = this.#blocks.map((block, index) => (before[index]?.raw === block.raw ? before[index] : block));
    }
    const last = fresh.findLastIndex(({ type }) => type !== 'space');
    const done = fresh.slice(0, Math.max(0, last));
    // Line ends are made one by the reader: a text that has others is not settled, for its length is another.
    if (done.length > 0 && !text.includes('\r')) {
      this.#settled = [...this.#settled, ...done];
      this.#settledLength += done.reduce((length, { raw }) => length + raw.length, 0);
    }
    return this.#blocks;
  }

  #forget(): void {
    this.#settled = [];
    this.#settledLength = 0;
  }
}
