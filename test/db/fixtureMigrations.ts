import type { Migration } from '../../src/db/migrate.ts';

/** What every database has, and two tables of which one depends on the other. */
export const FAMILY: Migration = {
  name: 'family',
  hash: '1',
  sql: `create table meta (key text primary key, value text not null);
    create table events (id integer primary key, thread integer not null, seq integer not null, run integer not null, v integer not null, json text not null);
    create table parents (id integer primary key, name text);
    create table children (id integer primary key, parent integer not null references parents (id) on delete cascade);`,
};

/** As drizzle-kit writes it. With foreign keys on, the drop would delete the children. */
export const REBUILD: Migration = {
  name: 'rebuild',
  hash: '2',
  sql: `PRAGMA foreign_keys=OFF;--> statement-breakpoint
    CREATE TABLE \`__new_parents\` (id integer primary key, name text not null);--> statement-breakpoint
    INSERT INTO \`__new_parents\` (id, name) SELECT id, name FROM parents;--> statement-breakpoint
    DROP TABLE parents;--> statement-breakpoint
    ALTER TABLE \`__new_parents\` RENAME TO parents;--> statement-breakpoint
    PRAGMA foreign_keys=ON;`,
};

export const THIRD: Migration = { name: 'third', hash: '3', sql: 'create table third (x)' };

/** Writes more than any cache holds, for longer than a test lasts. */
export const SLOW: Migration = {
  name: 'slow',
  hash: 'slow',
  sql: `delete from children; drop table parents; create table parents (id integer primary key, name text);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) insert into parents select i, hex(randomblob(2000)) from n;`,
};
