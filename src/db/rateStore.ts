import type { Statement } from 'better-sqlite3';
import type { GroupCommit } from './groupCommit.ts';
import type { Sqlite } from './sqlite.ts';

/** As much of a better-sqlite3 connection as rate-limiter-flexible asks of one: what it writes goes through the one writer. */
export interface RateClient {
  prepare(text: string): Statement;
  transaction<T>(work: () => T): () => Promise<T>;
}

/** Counts that outlive a restart. */
export interface RateStore {
  readonly client: RateClient;
  /** The client's table. */
  readonly table: string;
}

export function sqliteRateStore(raw: Sqlite, commit: GroupCommit): RateStore {
  const statements = new Map<string, Statement>();
  return {
    table: 'rate_counts',
    client: {
      prepare(text) {
        const statement = statements.get(text) ?? raw.prepare(text);
        statements.set(text, statement);
        return statement;
      },
      transaction: (work) => () => commit.run(work),
    },
  };
}
