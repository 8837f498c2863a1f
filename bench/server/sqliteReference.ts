import { nowMicros } from '../clock.ts';
import { answerParent } from '../parentCalls.ts';
import { openSqlite } from '../seed/openSqlite.ts';
import { type Quantiles, quantiles } from '../statistics.ts';

/** The reference of what reads and writes the database: better-sqlite3 alone, without a server. The argument is the database file. */
const [, , file = ''] = process.argv;
const raw = openSqlite(file.replace(/^file:/, ''));
raw.pragma('journal_mode = WAL');
raw.pragma('synchronous = NORMAL');

export interface InsertOrder {
  readonly rowsPerCommit: number;
  readonly seconds: number;
}

const calls = {
  /** Reads all events of a thread as rows. */
  read(thread: number): { readonly seconds: number; readonly events: number } {
    const startMicros = nowMicros();
    let events = 0;
    let bytes = 0;
    const rows = raw
      .prepare<[number], { seq: number; run: number; json: string }>('select seq, run, json from events where thread = ? order by seq')
      .iterate(thread);
    for (const { json } of rows) {
      events++;
      bytes += json.length;
    }
    if (bytes === 0) throw new Error(`thread ${thread} has no events`);
    return { seconds: (nowMicros() - startMicros) / 1_000_000, events };
  },
  /** Inserts messages into a table without an index, and commits. */
  insert({ rowsPerCommit, seconds }: InsertOrder): { readonly perSecond: number; readonly commit: Quantiles } {
    raw.exec('create table if not exists messages_alone (id integer primary key, json text not null)');
    const insert = raw.prepare('insert into messages_alone (json) values (?)');
    const commit = raw.transaction(() => {
      for (let row = 0; row < rowsPerCommit; row++)
        insert.run(JSON.stringify({ seq: row, at: Date.now(), type: 'message.received', text: 'x'.repeat(100) }));
    });
    const micros: number[] = [];
    const startMicros = nowMicros();
    while (nowMicros() - startMicros < seconds * 1_000_000) {
      const fromMicros = nowMicros();
      commit();
      micros.push(nowMicros() - fromMicros);
    }
    return { perSecond: (micros.length * rowsPerCommit * 1_000_000) / (nowMicros() - startMicros), commit: quantiles(micros) };
  },
};

export type SqliteReferenceCalls = typeof calls;

answerParent(calls);
