import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';

/** A run and those above it, up to its root run. */
export function lineageOf(queries: Queries, run: RunRow): readonly RunRow[] {
  const parent = run.parent === null ? undefined : queries.runs.byKey(run.parent);
  return parent === undefined ? [run] : [run, ...lineageOf(queries, parent)];
}

export function rootOf(queries: Queries, run: RunRow): RunRow {
  return lineageOf(queries, run).at(-1) ?? run;
}

/** Keys of a run and those above it: what was decided for one of them holds for it. */
export function familyOf(queries: Queries, run: RunRow): readonly number[] {
  return lineageOf(queries, run).map((row) => row.key);
}

/** Every run under another, parents before children. */
export function descendantsOf(queries: Queries, run: Pick<RunRow, 'key'>): readonly RunRow[] {
  return queries.runs.children(run.key).flatMap((child) => [child, ...descendantsOf(queries, child)]);
}

/** Runs under a run that somebody works on. */
export function workUnder(queries: Queries, run: Pick<RunRow, 'key'>): readonly RunRow[] {
  return descendantsOf(queries, run).filter((child) => child.status === 'running');
}
