import type { Sqlite } from '../../src/db/sqlite.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
}

const ROWS = 3;

/** Puts some rows into every table that is empty, whatever its columns are, and says how many rows each table has. */
export function fillTables(raw: Sqlite): ReadonlyMap<string, number> {
  const tables = raw
    .prepare<[], string>("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name <> 'migrations'")
    .pluck()
    .all();
  raw.pragma('foreign_keys = OFF');
  for (const table of tables) {
    if (raw.prepare(`select 1 from "${table}"`).get() !== undefined) continue;
    const columns = raw.prepare<[], Column>(`pragma table_info("${table}")`).all();
    const parents = new Set(
      raw
        .prepare<[], { from: string; to: string }>(`pragma foreign_key_list("${table}")`)
        .all()
        .map(({ from }) => from),
    );
    for (let row = 1; row <= ROWS; row += 1) {
      // A key into another table is the number or the text of that table's row of the same place.
      const values = columns.map(({ type, name }) =>
        /int/i.test(type) ? row : parents.has(name) || /text/i.test(type) ? `"${row}"` : /blob/i.test(type) ? Buffer.of(row) : null,
      );
      const names = columns.map(({ name }) => `"${name}"`).join(', ');
      raw.prepare(`insert into "${table}" (${names}) values (${columns.map(() => '?').join(', ')})`).run(...values);
    }
  }
  raw.pragma('foreign_keys = ON');
  const orphans = raw.pragma('foreign_key_check');
  if (Array.isArray(orphans) && orphans.length > 0) throw new Error(`The rows do not fit together: ${JSON.stringify(orphans[0])}`);
  return new Map(tables.map((table) => [table, Number(raw.prepare(`select count(*) from "${table}"`).pluck().get())]));
}
