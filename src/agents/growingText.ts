const FIRST_BYTES = 256;

/**
 * Text that is added to, outside the heap. As a string it would be a rope of all its pieces: a hundred bytes a token that the garbage collector
 * copies twice and then keeps. UTF-16, since a piece may end between two surrogates.
 */
export class GrowingText {
  #buffer = Buffer.alloc(0);
  #bytes = 0;

  add(piece: string): void {
    const needed = this.#bytes + 2 * piece.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * needed));
      this.#buffer.copy(larger);
      this.#buffer = larger;
    }
    this.#bytes += this.#buffer.write(piece, this.#bytes, 'utf16le');
  }

  toString(): string {
    return this.#buffer.toString('utf16le', 0, this.#bytes);
  }
}
