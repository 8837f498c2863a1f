import { median, ratioOf } from './statistics.ts';

/** A column of figures; `ratio` adds one with the ratio to the reference. */
export interface Column<Figures> {
  readonly head: string;
  readonly digits: number;
  readonly ratio?: boolean;
  of(figures: Figures): number;
}

/** One server in one case, with its figures by round, and those of the reference in the same rounds. */
export interface Row<Figures> {
  readonly labels: readonly string[];
  readonly figures: readonly Figures[];
  readonly reference?: readonly Figures[] | undefined;
  readonly remark?: string;
}

export interface TableOptions<Figures> {
  readonly labels: readonly string[];
  readonly columns: readonly Column<Figures>[];
  readonly rows: readonly Row<Figures>[];
  /** What ratios are to; raw unless it says otherwise. */
  readonly reference?: string;
}

/** A Markdown table: the median of the rounds, with the lowest and highest of them; the last column is for remarks. */
export function table<Figures>({ labels, columns, rows, reference = 'raw' }: TableOptions<Figures>): string {
  const heads = columns.flatMap(({ head, ratio }) => (ratio ? [head, `ratio to ${reference}`] : [head]));
  const body = rows.map((row) => [...row.labels, ...columns.flatMap((column) => cells(column, row)), row.remark ?? '']);
  return markdown([...labels, ...heads, 'remarks'], body);
}

export function markdown(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A median with its range. */
export function spread(values: readonly number[], digits: number): string {
  if (values.length === 0 || values.some(Number.isNaN)) return '';
  const middle = format(median(values), digits);
  if (values.length === 1) return middle;
  return `${middle} (${format(Math.min(...values), digits)}-${format(Math.max(...values), digits)})`;
}

export function format(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cells<Figures>({ of, digits, ratio = false }: Column<Figures>, { figures, reference }: Row<Figures>): string[] {
  const values = figures.map(of);
  const cell = spread(values, digits);
  if (!ratio) return [cell];
  if (reference === undefined) return [cell, ''];
  const { ratio: middle, lowest, highest } = ratioOf(values, reference.map(of));
  const show = (value: number): string => format(value, middle < 0.1 ? 4 : 2);
  return [cell, `${show(middle)} (${show(lowest)}-${show(highest)})`];
}
