/**
 * Texts by key in memory, never more than so many nor more bytes than so many (UTF-8, keys included): what was used least lately goes first.
 * A text that is too large alone is not kept.
 */
export class BoundedStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** The least lately used first. */
  readonly #entries = new Map<string, { readonly text: string; readonly bytes: number }>();
  #bytes = 0;

  constructor({ maxEntries, maxBytes }: { readonly maxEntries: number; readonly maxBytes: number }) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.text;
  }

  set(key: string, text: string): void {
    this.delete(key);
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(text);
    if (bytes > this.#maxBytes) return;
    this.#entries.set(key, { text, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): boolean {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
