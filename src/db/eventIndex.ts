import type { Database } from 'better-sqlite3';

/** Events of one thread that are not in `event_index` yet: consecutive, up to its head. */
interface Tail {
  readonly thread: number;
  readonly ids: number[];
  lastSeq: number;
}

/** Rows of `event_index` hold about so many events. */
const BLOCK_EVENTS = 128;
/** No event is left out of `event_index` for longer than it takes to write so many others. */
const MAX_BEHIND = 1 << 16;

/**
 * Where the events of a thread are in the log. The log is in order of arrival, and an index row for each event would dirty a page for each:
 * threads take turns, so neighbours in time are far apart in an index by thread. That was three quarters of what storing an event costs.
 * So an index row names a block of events, and the newest events are indexed in memory only; a new process finds them at the end of the log.
 *
 * It is changed within a transaction and sees its own changes; `committed` or `rolledBack` follows.
 */
export class EventIndex {
  readonly #lastIndexed;
  readonly #nextBlock;
  readonly #insertBlock;
  readonly #trimBlock;
  readonly #blocksUpTo;
  readonly #removeBlocks;
  /** In the order of their first event. */
  #tails = new Map<number, Tail>();
  #added: Tail[] = [];
  #written: Tail[] = [];
  #full: Tail[] = [];

  constructor(raw: Database) {
    this.#lastIndexed = raw.prepare<[number], number | null>('select max(last_seq) from event_index where thread = ?').pluck();
    this.#nextBlock = raw.prepare<[number, number], { last: number; ids: string }>(
      'select last_seq as last, ids from event_index where thread = ? and last_seq > ? order by last_seq limit 1',
    );
    this.#insertBlock = raw.prepare<[number, number, string]>('insert into event_index (thread, last_seq, ids) values (?, ?, ?)');
    this.#trimBlock = raw.prepare<[string, number, number]>('update event_index set ids = ? where thread = ? and last_seq = ?');
    this.#blocksUpTo = raw.prepare<[number, number], string>('select ids from event_index where thread = ? and last_seq <= ?').pluck();
    this.#removeBlocks = raw.prepare<[number, number]>('delete from event_index where thread = ? and last_seq <= ?');
    this.#load(raw);
  }

  add(thread: number, seq: number, id: number): void {
    let tail = this.#tails.get(thread);
    if (tail === undefined) {
      tail = { thread, ids: [], lastSeq: seq };
      this.#tails.set(thread, tail);
    }
    tail.ids.push(id);
    tail.lastSeq = seq;
    this.#added.push(tail);
    if (tail.ids.length === BLOCK_EVENTS) this.#full.push(tail);
  }

  /** Seq of the newest event; undefined when there is none. */
  lastSeq(thread: number): number | undefined {
    return this.#tails.get(thread)?.lastSeq ?? this.#lastIndexed.get(thread) ?? undefined;
  }

  /** Ids of the events after `afterSeq`, in order: some of them, empty at the head. */
  idsAfter(thread: number, afterSeq: number): readonly number[] {
    const tail = this.#tails.get(thread);
    if (tail !== undefined && afterSeq >= tail.lastSeq - tail.ids.length) return idsOf(tail.ids, tail.lastSeq, afterSeq);
    const block = this.#nextBlock.get(thread, afterSeq);
    if (block !== undefined) return idsOf(JSON.parse(block.ids), block.last, afterSeq);
    return tail?.ids ?? [];
  }

  /** Forgets a thread's events up to `seq` and returns their ids, in groups. */
  takeUpTo(thread: number, seq: number): readonly (readonly number[])[] {
    const tail = this.#tails.get(thread);
    if (tail !== undefined) this.#write(tail);
    const taken = this.#blocksUpTo.all(thread, seq).map((ids): readonly number[] => JSON.parse(ids));
    this.#removeBlocks.run(thread, seq);
    const block = this.#nextBlock.get(thread, seq);
    if (block === undefined) return taken;
    const ids: readonly number[] = JSON.parse(block.ids);
    const kept = idsOf(ids, block.last, seq);
    this.#trimBlock.run(JSON.stringify(kept), thread, block.last);
    return [...taken, ids.slice(0, ids.length - kept.length)];
  }

  /** Writes what is due, at the end of a transaction whose newest event is `newestId`. */
  writeDue(newestId: number): void {
    for (const tail of this.#full) if (this.#tails.get(tail.thread) === tail) this.#write(tail);
    for (const tail of this.#tails.values()) {
      if ((tail.ids[0] ?? newestId) > newestId - MAX_BEHIND) return;
      this.#write(tail);
    }
  }

  committed(): void {
    this.#added = [];
    this.#written = [];
    this.#full = [];
  }

  rolledBack(): void {
    for (const tail of this.#added) {
      tail.ids.pop();
      tail.lastSeq--;
    }
    const tails = [...this.#tails.values(), ...this.#written].filter((tail) => tail.ids.length > 0);
    tails.sort((a, b) => (a.ids[0] ?? 0) - (b.ids[0] ?? 0));
    this.#tails = new Map(tails.map((tail) => [tail.thread, tail]));
    this.committed();
  }

  #write(tail: Tail): void {
    this.#insertBlock.run(tail.thread, tail.lastSeq, JSON.stringify(tail.ids));
    this.#tails.delete(tail.thread);
    this.#written.push(tail);
  }

  /** Twice as far as anything is left behind: a transaction may have added some since. */
  #load(raw: Database): void {
    const indexed = new Map<number, number>();
    const rows = raw.prepare<[number], { id: number; thread: number; seq: number }>(
      'select id, thread, seq from events where id > (select max(id) from events) - ? order by id',
    );
    for (const { id, thread, seq } of rows.iterate(2 * MAX_BEHIND)) {
      let last = indexed.get(thread);
      if (last === undefined) {
        last = this.#lastIndexed.get(thread) ?? 0;
        indexed.set(thread, last);
      }
      if (seq > last) this.add(thread, seq, id);
    }
    this.committed();
  }
}

function idsOf(ids: readonly number[], lastSeq: number, afterSeq: number): readonly number[] {
  const firstSeq = lastSeq - ids.length + 1;
  return afterSeq < firstSeq ? ids : ids.slice(afterSeq + 1 - firstSeq);
}
