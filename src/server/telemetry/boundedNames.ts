/** What stands for all names beyond the bound. */
export const OTHER = 'other';

/** Names as labels: the first so many are themselves. Each label value is a time series for as long as the process lives. */
export class BoundedNames {
  readonly #names = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  of(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= this.#max) return OTHER;
    this.#names.add(name);
    return name;
  }
}
