/** Who is told of something. One that throws keeps nobody else from hearing: its error is reported as its own. */
export class Listeners<Value> {
  readonly #listeners = new Set<(value: Value) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /** The returned function takes it back. */
  add(listener: (value: Value) => void): () => void {
    // A wrapper, so that one function given twice is two listeners.
    const own = (value: Value): void => listener(value);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(value: Value): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
