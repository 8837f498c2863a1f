import type { Database } from 'better-sqlite3';
import { type EncodedEvent, typeOf } from './encodedEvent.ts';

/** Reads and deletes of the log's rows. On the bare driver: these are the hot reads, and Drizzle's mapping would double them. */
export function prepareEvents(raw: Database) {
  const last = raw.prepare<[number], { seq: number | null }>('select max(seq) as seq from events where thread = ?');
  const floor = raw.prepare<[number], { floor: number }>('select floor from threads where key = ?');
  const page = raw.prepare<[number, number, number], { seq: number; run: number; json: string }>(
    'select seq, run, json from events where thread = ? and seq > ? order by seq limit ?',
  );
  const removeUpTo = raw.prepare<[number, number]>('delete from events where thread = ? and seq <= ?');
  const newest = raw.prepare<[], { id: number | null }>('select max(id) as id from events');
  return {
    /** The last seq of a thread: of its last event, or its floor when there is none. */
    head(thread: number): number {
      return last.get(thread)?.seq ?? floor.get(thread)?.floor ?? 0;
    },
    page(thread: number, afterSeq: number, limit: number): EncodedEvent[] {
      return page.all(thread, afterSeq, limit).map((row) => ({ seq: row.seq, run: row.run, type: typeOf(row.json), json: row.json }));
    },
    removeUpTo(thread: number, seq: number): void {
      removeUpTo.run(thread, seq);
    },
    newestId(): number {
      return newest.get()?.id ?? 0;
    },
  };
}
