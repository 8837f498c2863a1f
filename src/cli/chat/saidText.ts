import { AnswerText, type Printable } from '../answerText.ts';
import type { BlockOptions } from '../markdown/blockLines.ts';
import { MarkdownStream, type StreamedLines } from '../markdown/markdownStream.ts';
import type { Line } from '../terminal/span.ts';

export interface SaidTextOutput {
  readonly block: BlockOptions;
  add(lines: readonly Line[]): void;
  /** What was added last does not hold any more; something else follows in its place, or nothing. */
  withdrawn(isReplaced: boolean): void;
}

/** The answer that is being said, as lines: also where a crash or a guard takes some of it back. */
export class SaidText {
  readonly #output: SaidTextOutput;
  readonly #answer = new AnswerText();
  readonly #stream = new MarkdownStream();
  #said = '';

  constructor(output: SaidTextOutput) {
    this.#output = output;
  }

  /** Nothing of the message is there yet. */
  get isEmpty(): boolean {
    return this.#said.trim() === '';
  }

  push(delta: string): void {
    this.#said += delta;
    this.#print(this.#answer.push(delta));
  }

  discard(): void {
    this.#said = '';
    this.#answer.discard();
  }

  /** The message is over. `text` is the whole of it, where that is known: pieces may have been folded away. */
  end(text = this.#said): void {
    if (!text.startsWith(this.#said)) this.discard();
    if (text.length > this.#said.length) this.push(text.slice(this.#said.length));
    this.#print(this.#answer.end());
    this.#output.add(this.#stream.end(this.#output.block));
    this.#said = '';
  }

  lines(maxOpen: number): StreamedLines {
    return this.#stream.lines(this.#output.block, maxOpen);
  }

  #print({ text, replaces }: Printable): void {
    if (replaces) {
      this.#output.add(this.#stream.end(this.#output.block));
      this.#output.withdrawn(text !== '');
    }
    this.#stream.push(text);
  }
}
