import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** An open connection. A type of a development package: keep it out of what the package exports. */
export type Sqlite = BetterSqlite3.Database;

export interface SqliteModule {
  readonly Database: typeof BetterSqlite3;
  /** Where it was found, for a worker that has to load the same one. */
  readonly path: string;
}

/** better-sqlite3 13 ships its binaries but needs Node 22 (it crashes the process on 20); 12 runs on 20 and builds or downloads them. */
const MODULES = ['better-sqlite3', 'better-sqlite3-node20'] as const;
const FIRST_NODE_OF_13 = 22;

/** Finds and loads the SQLite module for this Node. Throws `NATIVE_MODULE_MISSING` when it is absent or its binary does not load. */
export function findSqlite(nodeMajor: number, require: NodeJS.Require): SqliteModule {
  const name = nodeMajor >= FIRST_NODE_OF_13 ? MODULES[0] : MODULES[1];
  try {
    const path = require.resolve(name);
    const Database: typeof BetterSqlite3 = require(path);
    // The module loads its binary with the first connection, not before.
    new Database(':memory:').close();
    return { Database, path };
  } catch (cause) {
    throw new VerbatimError(
      'NATIVE_MODULE_MISSING',
      `The SQLite module "${name}" for Node ${nodeMajor} (${process.platform}-${process.arch}) cannot be loaded. ` +
        'It is an optional dependency of verbatim-agents: install again with this version of Node, with optional dependencies ' +
        `("npm install --include=optional")${name === MODULES[1] ? ` and install scripts allowed ("npm rebuild ${name}"), or use Node ${FIRST_NODE_OF_13} or later` : ''}.`,
      { cause },
    );
  }
}

let loaded: SqliteModule | undefined;

/** The SQLite module of this process. Loads it at the first call, so that importing Verbatim needs no binary. */
export function loadSqlite(): SqliteModule {
  loaded ??= findSqlite(Number.parseInt(process.versions.node, 10), createRequire(import.meta.url));
  return loaded;
}
