import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Sqlite } from './sqlite.ts';

/** One step of the schema. `hash` is the SHA-256 of `sql`, which holds one or more statements. */
export interface Migration {
  readonly name: string;
  readonly hash: string;
  readonly sql: string;
}

export interface MigrateResult {
  /** How many migrations ran. */
  readonly applied: number;
  /** The copy that was made of the file before; undefined for a new database and for one in memory. */
  readonly copy: string | undefined;
}

/**
 * Brings the schema up to `migrations`: those that are missing run in order, all in one transaction, so that a crash leaves the version
 * there was. Foreign keys are off meanwhile (a table rebuilt by drop and rename would take its children's rows along) and checked before
 * the commit. Before an upgrade the file is copied to `<file>.before-<n>`, where n is the first migration to run; older such copies are
 * removed afterwards. Throws `DATABASE_NEWER` when the file knows more migrations, `DATABASE_UNUSABLE` when it knows others or one fails.
 * The connection must have foreign keys on and no open transaction.
 */
export function migrate(raw: Sqlite, migrations: readonly Migration[], applicationId: number): MigrateResult {
  const file = raw.name;
  const done = checkMigrations(raw, migrations);
  const pending = migrations.slice(done);
  if (pending.length === 0) return { applied: 0, copy: undefined };
  const copy = done > 0 && !raw.memory ? copyFile(raw, done + 1) : undefined;
  raw.pragma('foreign_keys = OFF');
  try {
    raw
      .transaction(() => {
        if (done === 0) {
          raw.pragma(`application_id = ${applicationId}`);
          raw.exec('create table migrations (number integer primary key, name text not null, hash text not null, at integer not null)');
        }
        const record = raw.prepare('insert into migrations (number, name, hash, at) values (?, ?, ?, ?)');
        for (const [index, migration] of pending.entries()) {
          raw.exec(migration.sql);
          record.run(done + index + 1, migration.name, migration.hash, Date.now());
        }
        checkForeignKeys(raw);
      })
      .immediate();
  } finally {
    raw.pragma('foreign_keys = ON');
  }
  if (copy !== undefined) removeCopies(file, copy);
  return { applied: pending.length, copy };
}

/** How many of `migrations` the database has. Throws as `migrate` does, and changes nothing. */
export function checkMigrations(raw: Sqlite, migrations: readonly Migration[]): number {
  const isThere = raw.prepare("select 1 from sqlite_master where type = 'table' and name = 'migrations'").get() !== undefined;
  if (!isThere) return 0;
  const done = raw.prepare<[], { name: string; hash: string }>('select name, hash from migrations order by number').all();
  for (const [index, { name, hash }] of done.entries()) {
    const known = migrations[index];
    if (known === undefined) {
      const text = `${raw.name} was written by a newer version of Verbatim (it has ${done.length} migrations, this version knows ${migrations.length}). Install that version, or restore the copy made before its upgrade (${raw.name}.before-*).`;
      throw new VerbatimError('DATABASE_NEWER', text);
    }
    if (known.hash !== hash) {
      const text = `Migration ${index + 1} of ${raw.name} ("${name}") is not the one this version has ("${known.name}"). The file belongs to another build of Verbatim: use that build, or another file.`;
      throw new VerbatimError('DATABASE_UNUSABLE', text);
    }
  }
  return done.length;
}

function checkForeignKeys(raw: Sqlite): void {
  const orphans = raw.prepare<[], { table: string; parent: string }>('pragma foreign_key_check').all();
  const [first] = orphans;
  if (first === undefined) return;
  const text = `The upgrade of ${raw.name} would leave ${orphans.length} rows without their parent (such as one of "${first.table}" in "${first.parent}"). Nothing was changed: go on with the version before, and report this.`;
  throw new VerbatimError('DATABASE_UNUSABLE', text);
}

function copyFile(raw: Sqlite, number: number): string {
  const copy = `${raw.name}.before-${number}`;
  // Whole or not there: a copy cut short by a crash must not look like one.
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  raw.prepare('vacuum into ?').run(partial);
  renameSync(partial, copy);
  return copy;
}

function removeCopies(file: string, except: string): void {
  const prefix = `${basename(file)}.before-`;
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(prefix) || !/^\d+(\.partial)?$/.test(name.slice(prefix.length))) continue;
    const path = join(dirname(file), name);
    if (path !== except) rmSync(path, { force: true });
  }
}
