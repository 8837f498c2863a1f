import { ERROR_CODES } from '../../protocol/errorCodes.ts';

/** The closed list of what errors are counted by. */
export const ERROR_CODE_NAMES: readonly string[] = Object.keys(ERROR_CODES);

const COLUMN_OF: ReadonlyMap<string, number> = new Map(ERROR_CODE_NAMES.map((code, column) => [code, column]));

/** What was counted since the server began: sums that only grow, so that any number of windows can take their difference. */
export class Tallies {
  readonly runs = { completed: 0, failed: 0, cancelled: 0 };
  sends = 0;
  calls = 0;
  failures = 0;
  /** By `ERROR_CODE_NAMES`. */
  readonly errors = new Float64Array(ERROR_CODE_NAMES.length);

  failed(code: string): void {
    this.failures++;
    const column = COLUMN_OF.get(code);
    if (column !== undefined) this.errors[column] = (this.errors[column] ?? 0) + 1;
  }
}
