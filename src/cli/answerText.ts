/** What to do with a piece of an answer: print it, or first say that what is on the screen was withdrawn. */
export interface Printable {
  readonly text: string;
  /** The text printed before it no longer holds, and `text` is not its continuation. */
  readonly replaces: boolean;
}

const NOTHING: Printable = { text: '', replaces: false };

/**
 * Prints text that may be withdrawn where nothing can be taken back: a terminal, a pipe. After a crash a model mostly says the same words
 * again; they are on the screen already, so only what goes beyond them is printed, and nothing is printed twice. When it says something
 * else, the whole of it is printed and marked as a replacement.
 */
export class AnswerText {
  /** Text on the screen that was withdrawn and has not been said again yet. */
  #withdrawn = '';
  #said = '';

  /** The next piece of the message. */
  push(delta: string): Printable {
    this.#said += delta;
    if (this.#withdrawn === '') return { text: delta, replaces: false };
    if (this.#withdrawn.startsWith(this.#said)) {
      if (this.#withdrawn === this.#said) this.#withdrawn = '';
      return NOTHING;
    }
    return this.#replace();
  }

  /** The message so far does not hold any more. */
  discard(): void {
    if (this.#withdrawn === '') this.#withdrawn = this.#said;
    this.#said = '';
  }

  /** The message, or the run, is over: nothing can be said again. */
  end(): Printable {
    const last = this.#withdrawn === '' ? NOTHING : this.#replace();
    this.#withdrawn = '';
    this.#said = '';
    return last;
  }

  #replace(): Printable {
    const withdrawn = this.#withdrawn;
    this.#withdrawn = '';
    if (this.#said.startsWith(withdrawn)) return { text: this.#said.slice(withdrawn.length), replaces: false };
    return { text: this.#said, replaces: true };
  }
}
