import type { EventDraft, StoredEvent } from '../protocol/event.ts';

/** Format of `events.json`. A reader of an older format upgrades it in `decodeEvent`. */
export const EVENT_FORMAT = 1;

/** An event as it is stored and sent: encoded once, when it is committed. */
export interface EncodedEvent {
  readonly seq: number;
  /** Key of its run; 0 for none. */
  readonly run: number;
  readonly type: string;
  /** Begins with `{"seq":N,`, which `withFirstSeq` relies on. */
  readonly json: string;
}

export function encodeEvent(seq: number, at: number, run: number, draft: EventDraft): EncodedEvent {
  return { seq, run, type: draft.type, json: JSON.stringify({ seq, at, ...draft }) };
}

export type DeltaType = 'text.delta' | 'reasoning.delta';

/** The fields of a delta that do not change from token to token, as text. */
export function deltaHead(type: DeltaType, runId: string, messageId: string): string {
  return `,"type":"${type}","runId":${JSON.stringify(runId)},"messageId":${JSON.stringify(messageId)},"delta":`;
}

/** As `encodeEvent`, for the hot path: one string escape instead of an object. `delta` comes last, which `joinDeltas` relies on. */
export function encodeDelta(seq: number, at: number, head: string, delta: string): string {
  return `{"seq":${seq},"at":${at}${head}${JSON.stringify(delta)}}`;
}

/** The type of a stored event, read from its text. */
export function typeOf(json: string): string {
  const from = json.indexOf('"type":"') + 8;
  return json.slice(from, json.indexOf('"', from));
}

export function decodeEvent(json: string): StoredEvent {
  // Only the log writes these texts, and a test reads every one back through the schema.
  return JSON.parse(json) as StoredEvent;
}

/** The same event, marked as standing for everything from `firstSeq` on. */
export function withFirstSeq(event: EncodedEvent, firstSeq: number): string {
  const afterSeq = event.json.indexOf(',');
  return `${event.json.slice(0, afterSeq)},"firstSeq":${firstSeq}${event.json.slice(afterSeq)}`;
}

const DELTA = ',"delta":"';

/** Where the fixed part of a delta ends, or -1 for any other event. Ids have no quotes in them, so the first match is the field. */
export function deltaStart(event: EncodedEvent): number {
  return event.type === 'text.delta' || event.type === 'reasoning.delta' ? event.json.indexOf(DELTA) + DELTA.length : -1;
}

/** What two deltas must share to be joined: type, run and message, as text. */
export function deltaKey(event: EncodedEvent, start: number): string {
  return event.json.slice(event.json.indexOf(',"type":'), start);
}

/**
 * Joins adjacent deltas of one message by their text, without parsing: escaped strings concatenate, also where a surrogate pair was cut.
 * The result has the last seq; whoever sends it says what it stands for.
 */
export function joinDeltas(parts: readonly EncodedEvent[], start: number): EncodedEvent {
  const last = parts[parts.length - 1];
  const first = parts[0];
  if (first === undefined || last === undefined) throw new RangeError('nothing to join');
  let text = '';
  // Numbers change their length from event to event; the part from `,"type":` on does not.
  const fixed = start - first.json.indexOf(',"type":');
  for (const part of parts) text += part.json.slice(part.json.indexOf(',"type":') + fixed, -2);
  return { seq: last.seq, run: last.run, type: last.type, json: `${last.json.slice(0, last.json.indexOf(',"type":') + fixed)}${text}"}` };
}
