import type { Database, RunResult, Statement } from 'better-sqlite3';
import { BetterSQLiteSession, PreparedQuery } from 'drizzle-orm/better-sqlite3/session';
import { NoopCache } from 'drizzle-orm/cache/core';
import { Column } from 'drizzle-orm/column';
import { is } from 'drizzle-orm/entity';
import { NoopLogger } from 'drizzle-orm/logger';
import { type DriverValueDecoder, Param, Placeholder, SQL } from 'drizzle-orm/sql';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';

type Session = BetterSQLiteSession<Record<string, never>, Record<string, never>>;
type Fields = NonNullable<Parameters<Session['prepareQuery']>[1]>;
type Values = Readonly<Record<string, unknown>>;
type Row = Record<string, unknown>;

export const dialect = new SQLiteSyncDialect();

/**
 * Drizzle's session, whose statements map what they are given and what they answer by functions that are made once for each: Drizzle's own look up
 * at every value of every row what its column is, which takes longer than SQLite does. Rows of joins are left to Drizzle's.
 */
export class CompiledSession extends BetterSQLiteSession<Record<string, never>, Record<string, never>> {
  readonly #raw: Database;

  constructor(raw: Database) {
    super(raw, dialect, undefined);
    this.#raw = raw;
  }

  override prepareQuery: Session['prepareQuery'] = (query, fields, method, isArray, mapRows, metadata, cache) => {
    const statement = this.#raw.prepare(query.sql);
    const plain = [statement, query, new NoopLogger(), new NoopCache(), metadata, cache, fields, method, isArray, mapRows] as const;
    const prepared = new PreparedQuery(...plain);
    return Object.assign(prepared, mapRows === undefined ? compile(statement, query.params, fields) : {}) as never;
  };
}

/** What takes the place of Drizzle's own methods. */
function compile(statement: Statement, params: readonly unknown[], fields: Fields | undefined) {
  const encoders = params.map(encoderOf);
  const encode = (values: Values = {}): unknown[] => encoders.map((encoder) => encoder(values));
  const run = (values?: Values): RunResult => statement.run(...encode(values));
  if (fields === undefined) return { run };
  const decode = decoderOf(fields);
  // It answers with arrays from now on; `run` takes none of them.
  const reader = statement.raw() as Statement<unknown[], unknown[]>;
  if (decode === undefined) return { run, values: (values?: Values) => reader.all(...encode(values)) };
  return {
    run,
    values: (values?: Values) => reader.all(...encode(values)),
    all: (values?: Values) => reader.all(...encode(values)).map(decode),
    get(values?: Values): Row | undefined {
      const row = reader.get(...encode(values));
      return row === undefined ? undefined : decode(row);
    },
  };
}

function encoderOf(param: unknown): (values: Values) => unknown {
  if (is(param, Placeholder)) {
    const { name } = param;
    return (values) => given(values, name);
  }
  if (is(param, Param) && is(param.value, Placeholder)) {
    const { encoder, value } = param;
    const { name } = value;
    return (values) => encoder.mapToDriverValue(given(values, name));
  }
  return () => param;
}

function given(values: Values, name: string): unknown {
  const value = values[name];
  if (value === undefined && !(name in values)) throw new Error(`The statement was given no ${name}.`);
  return value;
}

/** Undefined for rows whose parts are of several tables. */
function decoderOf(fields: Fields): ((row: readonly unknown[]) => Row) | undefined {
  const columns: { readonly name: string; readonly decoder: DriverValueDecoder<unknown, unknown> | undefined }[] = [];
  for (const { path, field } of fields) {
    const [name] = path;
    if (path.length !== 1 || name === undefined) return undefined;
    columns.push({ name, decoder: decoderOfField(field) });
  }
  return (row) => {
    const mapped: Row = {};
    let index = 0;
    for (const { name, decoder } of columns) {
      const value = row[index++];
      mapped[name] = value === null || decoder === undefined ? value : decoder.mapFromDriverValue(value);
    }
    return mapped;
  };
}

function decoderOfField(field: Fields[number]['field']): DriverValueDecoder<unknown, unknown> | undefined {
  if (is(field, Column)) return field.mapFromDriverValue === Column.prototype.mapFromDriverValue ? undefined : field;
  // Drizzle keeps these to itself: the decoder of an expression, bare or with a name.
  const expression = (is(field, SQL) ? field : (field as unknown as { readonly sql: SQL }).sql) as unknown as {
    readonly decoder: DriverValueDecoder<unknown, unknown>;
  };
  return expression.decoder;
}
