import type { RunStatus } from '../protocol/procedures.ts';
import { isOpen } from './runStatus.ts';

/** More open runs than that are read again. */
const MAX_KEPT = 10_000;

/** Rows of open runs, as they are in the file: a run is read a dozen times for each time that it changes. */
export class KeptRuns<Row extends { readonly key: number; readonly status: RunStatus }> {
  readonly #rows = new Map<number, Row>();

  get(key: number): Row | undefined {
    return this.#rows.get(key);
  }

  /** Returns the row, which is kept while its run is open. */
  keep(row: Row | undefined): Row | undefined {
    if (row === undefined || !isOpen(row.status)) return row;
    if (this.#rows.size >= MAX_KEPT) this.#rows.clear();
    this.#rows.set(row.key, row);
    return row;
  }

  /** What was written of a row is so in the one that is kept. */
  change(key: number, written: Partial<Row>): void {
    const row = this.#rows.get(key);
    this.#rows.delete(key);
    if (row !== undefined) this.keep({ ...row, ...written });
  }

  /** It is read again. */
  forget(key: number): void {
    this.#rows.delete(key);
  }

  clear(): void {
    this.#rows.clear();
  }
}
