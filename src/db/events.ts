import type { Database } from 'better-sqlite3';
import { type EncodedEvent, ERASED, EVENT_FORMATS } from './encodedEvent.ts';
import { EventIndex } from './eventIndex.ts';
import { type EventRow, prepareEventRows } from './eventRows.ts';

/** A message whose text is to go. */
export interface ErasedText {
  readonly run: number;
  /** Its key. */
  readonly message: number;
  readonly messageId: string;
  /** Seq of its `message.started`. */
  readonly afterSeq: number;
}

/** Events among which the first text of a message is looked for: other agents of the thread may speak in between. */
const FIRST_DELTA_WITHIN = 100;

/** The log's rows. On the bare driver: these are the hot statements, and Drizzle's mapping would double them. */
export function prepareEvents(raw: Database) {
  const index = new EventIndex(raw);
  const floor = raw.prepare<[number], number>('select floor from threads where key = ?').pluck();
  const insert = raw.prepare<[number, number, number, number, string, number | null, number | null]>(
    'insert into events (thread, seq, run, v, json, message, at) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const eventReader = prepareEventRows(raw);
  const byIds = raw.prepare<[string], EventRow>(
    'select seq, run, v, json, message, at from events where id in (select value from json_each(?)) order by id',
  );
  // The run's newest message is the one that is erased: what its model wrote of arguments since then is of it.
  const erase = raw.prepare<[{ ids: string; run: number; message: number; empty: string }]>(
    `update events set json = case
       when v <> 1 then :empty
       when json_extract(json, '$.type') = 'tool.input.delta' then json_set(json, '$.delta', '')
       else json_set(json, '$.data', null) end
     where id in (select value from json_each(:ids)) and run = :run
       and (message = :message or (v = 1 and json_extract(json, '$.type') in ('tool.input.delta', 'tool.hosted')))`,
  );
  const remove = raw.prepare<[string]>('delete from events where id in (select value from json_each(?))');
  const newest = raw.prepare<[], number | null>('select max(id) from events').pluck();
  const firstDelta = raw
    .prepare<[string, number], number>(
      'select at from events where id in (select value from json_each(?)) and message = ? order by id limit 1',
    )
    .pluck();
  return {
    /** Adds an event at the end of the log and returns its id. */
    insert(thread: number, { seq, run, head, stored, at }: EncodedEvent): number {
      const { lastInsertRowid } =
        head === undefined
          ? insert.run(thread, seq, run, EVENT_FORMATS.whole, stored, null, null)
          : insert.run(thread, seq, run, EVENT_FORMATS[head.type], stored, head.message, at);
      const id = Number(lastInsertRowid);
      index.add(thread, seq, id);
      return id;
    },
    /** To be called at the end of a transaction that added events. */
    writeIndex(newestId: number): void {
      index.writeDue(newestId);
    },
    /** To be called after each transaction, since what was not committed is taken back in memory too. */
    ended(outcome: 'committed' | 'rolledBack'): void {
      index[outcome]();
    },
    /** Events of a thread up to here are gone; undefined when the thread is. */
    floor(thread: number): number | undefined {
      return floor.get(thread);
    },
    /** When the first text of a message was committed. It is looked for among a few events after `seq`, where the message began. */
    firstDeltaAt(thread: number, message: number, seq: number): number | undefined {
      return firstDelta.get(JSON.stringify(index.idsAfter(thread, seq).slice(0, FIRST_DELTA_WITHIN)), message);
    },
    /** The last seq of a thread: of its last event, or its floor when there is none. */
    head(thread: number): number {
      return index.lastSeq(thread) ?? floor.get(thread) ?? 0;
    },
    /** Up to `limit` events, and no more than the first that passes `maxLength`, counted in UTF-16 units as it is stored. */
    page(thread: number, afterSeq: number, limit: number, maxLength = Number.POSITIVE_INFINITY): EncodedEvent[] {
      const events: EncodedEvent[] = [];
      const read = eventReader();
      let length = 0;
      for (let after = afterSeq; ; ) {
        const ids = index.idsAfter(thread, after).slice(0, limit - events.length);
        if (ids.length === 0) return events;
        for (const row of byIds.iterate(JSON.stringify(ids))) {
          events.push(read(row));
          length += row.json.length;
          after = row.seq;
          if (length >= maxLength) return events;
        }
      }
    },
    eraseText(thread: number, { run, message, afterSeq }: ErasedText): void {
      // What is freed is overwritten too: pages that overflowed would keep the text.
      raw.pragma('secure_delete = ON');
      const last = index.lastSeq(thread) ?? 0;
      for (let after = afterSeq; after < last; ) {
        const ids = index.idsAfter(thread, after);
        if (ids.length === 0) break;
        erase.run({ ids: JSON.stringify(ids), run, message, empty: ERASED });
        after += ids.length;
      }
      raw.pragma('secure_delete = FAST');
    },
    removeUpTo(thread: number, seq: number): void {
      for (const ids of index.takeUpTo(thread, seq)) remove.run(JSON.stringify(ids));
    },
    newestId(): number {
      return newest.get() ?? 0;
    },
  };
}
