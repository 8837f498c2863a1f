import type { Database } from 'better-sqlite3';
import { type DeltaHead, type DeltaType, deltaHead, EncodedEvent, EVENT_FORMATS } from './encodedEvent.ts';

export interface EventRow {
  readonly seq: number;
  readonly run: number;
  readonly v: number;
  readonly json: string;
  readonly message: number | null;
  readonly at: number | null;
}

/** Makes events of rows, of all formats there have been. What it returns is for one reading: it remembers the messages it met. */
export function prepareEventRows(raw: Database): () => (row: EventRow) => EncodedEvent {
  const idsOf = raw.prepare<[number], { messageId: string; runId: string }>(
    'select m.id as messageId, r.id as runId from messages m join runs r on r.key = m.run where m.key = ?',
  );
  return () => {
    const heads = new Map<number | string, DeltaHead>();
    const headOf = (key: number | string, make: () => DeltaHead): DeltaHead => {
      let head = heads.get(key);
      if (head === undefined) {
        head = make();
        heads.set(key, head);
      }
      return head;
    };
    return ({ seq, run, v, json, message, at }) => {
      if (v === EVENT_FORMATS.whole || message === null || at === null) return whole(seq, run, json, headOf);
      const type = v === EVENT_FORMATS['text.delta'] ? 'text.delta' : 'reasoning.delta';
      const head = headOf(type === 'text.delta' ? message : -message, () => {
        const ids = idsOf.get(message);
        if (ids === undefined) throw new Error(`event ${seq} belongs to message ${message}, which is not in the database`);
        return deltaHead(type, { ...ids, message });
      });
      return new EncodedEvent({ seq, run, type, stored: json }, head, at);
    };
  };
}

const TYPE = ',"type":"';
const MESSAGE_ID = ',"messageId":"';
const DELTA = ',"delta":';

/** Deltas were stored whole once. Ids have no quotes in them, so the first match is the field. */
function whole(seq: number, run: number, json: string, headOf: (key: string, make: () => DeltaHead) => DeltaHead): EncodedEvent {
  const type = valueAfter(TYPE, json);
  if (type !== 'text.delta' && type !== 'reasoning.delta') return new EncodedEvent({ seq, run, type, stored: json }, undefined, 0);
  const from = json.indexOf(TYPE);
  const to = json.indexOf(DELTA) + DELTA.length;
  const shared = json.slice(from, to);
  const head = headOf(shared, () => ({
    type: type satisfies DeltaType,
    message: 0,
    messageId: valueAfter(MESSAGE_ID, json),
    json: shared,
  }));
  const at = Number(json.slice(json.lastIndexOf(':', from) + 1, from));
  return new EncodedEvent({ seq, run, type, stored: json.slice(to, -1) }, head, at);
}

function valueAfter(name: string, json: string): string {
  const from = json.indexOf(name) + name.length;
  return json.slice(from, json.indexOf('"', from));
}
