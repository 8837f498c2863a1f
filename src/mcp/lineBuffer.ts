import { VerbatimError } from '../protocol/verbatimError.ts';

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines, and holds no more than `maxBytes` of one. */
export class LineBuffer {
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that this chunk completes. Throws `OUTPUT_TOO_LARGE` for one that is too long. */
  *push(chunk: Buffer): Generator<string> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, end));
      const line = Buffer.concat(this.#held).toString('utf8').trim();
      this.#held = [];
      this.#bytes = 0;
      from = end + 1;
      if (line !== '') yield line;
    }
    this.#hold(chunk.subarray(from));
  }

  #hold(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw messageTooLarge(this.#maxBytes);
    if (part.length > 0) this.#held.push(part);
  }
}

export function messageTooLarge(maxBytes: number): VerbatimError {
  return new VerbatimError(
    'OUTPUT_TOO_LARGE',
    `The tool's server sent more than ${maxBytes} bytes at once. Ask for less, or for a part of it.`,
  );
}
