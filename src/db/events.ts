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
    /** Up to `limit` events, and no more than the first that passes `maxLength`, counted in UTF-16 units. */
    page(thread: number, afterSeq: number, limit: number, maxLength = Number.POSITIVE_INFINITY): EncodedEvent[] {
      const events: EncodedEvent[] = [];
      let length = 0;
      for (const { seq, run, json } of page.iterate(thread, afterSeq, limit)) {
        events.push({ seq, run, type: typeOf(json), json });
        length += json.length;
        if (length >= maxLength) break;
      }
      return events;
    },
    removeUpTo(thread: number, seq: number): void {
      removeUpTo.run(thread, seq);
    },
    newestId(): number {
      return newest.get()?.id ?? 0;
    },
  };
}
