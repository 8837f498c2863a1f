/** Pieces are kept as they come up to so many units; then they are one. Longer than what a scavenge leaves alone would be copied twice. */
const GATHERED = 512;
const FIRST_BYTES = 2 * GATHERED;

/**
 * Text that is added to. The newest is a rope of its pieces, which costs nothing to add to; as a whole it would be a hundred bytes a token
 * that the garbage collector marks again and again, so the rest lies outside the heap. UTF-16, since a piece may end between two surrogates.
 */
export class GrowingText {
  #gathered = '';
  #buffer: Buffer | undefined;
  #bytes = 0;

  add(piece: string): void {
    this.#gathered += piece;
    if (this.#gathered.length >= GATHERED) this.#put();
  }

  toString(): string {
    return this.#buffer === undefined ? this.#gathered : this.#buffer.toString('utf16le', 0, this.#bytes) + this.#gathered;
  }

  #put(): void {
    const needed = this.#bytes + 2 * this.#gathered.length;
    if (this.#buffer === undefined || needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * needed));
      this.#buffer?.copy(larger);
      this.#buffer = larger;
    }
    this.#bytes += this.#buffer.write(this.#gathered, this.#bytes, 'utf16le');
    this.#gathered = '';
  }
}
