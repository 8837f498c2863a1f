import { loadSqlite } from '../../src/db/sqlite.ts';
import { type AnyEvent, isTerminalEvent } from '../../src/protocol/event.ts';
import { STORED_EVENTS } from '../db/storedEvents.ts';

/** One thread's log as it lies in the file, read by nobody's code but SQLite's. */
export interface StoredLog {
  readonly threadId: string;
  /** By seq, from 1. */
  readonly texts: readonly string[];
  readonly events: readonly AnyEvent[];
}

/** All threads of a database that no server has open. Throws where a thread's positions are not 1, 2, 3, ... */
export function readStoredLogs(file: string): ReadonlyMap<string, StoredLog> {
  const db = new (loadSqlite().Database)(file, { readonly: true });
  try {
    const rows = db
      .prepare<[], { id: string; seq: number; json: string }>(
        `select t.id, stored.seq, stored.json from (${STORED_EVENTS}) stored join threads t on t.key = stored.thread order by t.key, stored.seq`,
      )
      .all();
    const logs = new Map<string, { threadId: string; texts: string[]; events: AnyEvent[] }>();
    for (const { id, seq, json } of rows) {
      const log = logs.get(id) ?? { threadId: id, texts: [], events: [] };
      logs.set(id, log);
      log.texts.push(json);
      log.events.push(JSON.parse(json) as AnyEvent);
      if (seq !== log.texts.length) throw new Error(`${id} has ${seq} where ${log.texts.length} should be`);
    }
    return logs;
  } finally {
    db.close();
  }
}

export interface Reading {
  /** Who read, for the message. */
  readonly who: string;
  readonly after?: number;
  readonly events: readonly AnyEvent[];
  /** What the reader did not ask for, besides text that was withdrawn. */
  readonly leavesOut?: (event: AnyEvent) => boolean;
}

/**
 * Throws unless what was read is the log word for word from `after` on: each position stood for once, in order, joined deltas with all of
 * their text, and nothing left out but what the reader did not ask for and text that was withdrawn later. Returns the last position.
 */
export function checkReading({ texts, events: stored }: Pick<StoredLog, 'texts' | 'events'>, reading: Reading): number {
  const discarded = new Set(stored.flatMap((event) => (event.type === 'message.discarded' ? [event.messageId] : [])));
  const mayBeLeftOut = (event: AnyEvent): boolean =>
    (isDelta(event) && discarded.has(event.messageId)) || (reading.leavesOut?.(event) ?? false);
  let previous = reading.after ?? 0;
  for (const read of reading.events) {
    const { firstSeq = read.seq, ...event } = read as AnyEvent & { readonly firstSeq?: number };
    const fail = (problem: string): never => {
      throw new Error(`${reading.who}: after ${previous} came ${JSON.stringify(read).slice(0, 300)}: ${problem}`);
    };
    if (firstSeq !== previous + 1) fail('a gap or a double');
    const before = stored.slice(firstSeq - 1, read.seq - 1);
    const last = stored[read.seq - 1];
    const text = texts[read.seq - 1];
    if (last === undefined || text === undefined) return fail('it is not in the file');
    const joined = isDelta(last) ? before.filter((other) => isSameText(other, last)) : [];
    const lost = before.find((other) => !joined.includes(other) && !mayBeLeftOut(other));
    if (lost !== undefined) fail(`it hides ${JSON.stringify(lost)}`);
    const whole = isDelta(last) ? { ...last, delta: [...joined, last].map((part) => (isDelta(part) ? part.delta : '')).join('') } : last;
    // Some of the joined text may be missing only if it was withdrawn.
    if (JSON.stringify(event) !== (joined.length > 0 ? JSON.stringify(whole) : text) && !mayBeLeftOut(last)) {
      fail(`the file has ${joined.length > 0 ? JSON.stringify(whole) : text}`);
    }
    previous = read.seq;
  }
  return previous;
}

/** Throws unless each run of a log has ended, once, by its last event. Returns their terminal events. */
export function checkRuns({ threadId, events }: StoredLog): readonly AnyEvent[] {
  const byRun = new Map<string, AnyEvent[]>();
  for (const event of events) {
    if (!('runId' in event) || event.runId === undefined) continue;
    byRun.set(event.runId, [...(byRun.get(event.runId) ?? []), event]);
  }
  return [...byRun].map(([runId, own]) => {
    const last = own.at(-1);
    const endings = own.filter(isTerminalEvent);
    if (last === undefined || endings.length !== 1 || endings[0] !== last) {
      throw new Error(`${runId} of ${threadId} ends with ${last?.type} and has ${endings.length} terminal events`);
    }
    return last;
  });
}

type Delta = Extract<AnyEvent, { readonly type: 'text.delta' | 'reasoning.delta' }>;

function isDelta(event: AnyEvent): event is Delta {
  return event.type === 'text.delta' || event.type === 'reasoning.delta';
}

function isSameText(event: AnyEvent, last: Delta): boolean {
  return event.type === last.type && event.messageId === last.messageId;
}
