/** A sentence may end only behind one of these, so that most pieces of text need no closer look. */
const MAY_END = /[\p{Sentence_Terminal}\n\r\u2028\u2029]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** Text that waits for the end of its sentence, in any language, and no longer than `maxBytes` of UTF-8. */
export class SentenceBuffer {
  readonly #maxBytes: number;
  #text = '';
  #bytes = 0;
  #mayEnd = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /**
   * Adds text and returns what is complete with it: whole sentences, or, without an end in sight, what is too much, up to a space if there is
   * one. A sentence is known to be complete when the next one has begun.
   */
  add(piece: string): string {
    this.#text += piece;
    this.#bytes += Buffer.byteLength(piece);
    this.#mayEnd ||= MAY_END.test(piece);
    if (this.#mayEnd) {
      const last = [...segmenter.segment(this.#text)].at(-1)?.index ?? 0;
      if (last > 0) return this.#take(last);
    }
    return this.#bytes > this.#maxBytes ? this.#take(cutOf(this.#text)) : '';
  }

  takeAll(): string {
    return this.#take(this.#text.length);
  }

  #take(length: number): string {
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    this.#bytes = Buffer.byteLength(this.#text);
    this.#mayEnd = MAY_END.test(this.#text);
    return taken;
  }
}

/** Behind the last space, or else at the end, but never inside a character. */
function cutOf(text: string): number {
  const space = text.search(/\s\S*$/);
  if (space > 0) return space + 1;
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length;
}
