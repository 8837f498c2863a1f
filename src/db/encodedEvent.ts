import type { EventDraft, StoredEvent } from '../protocol/event.ts';
import { utf8Bytes } from './utf8Bytes.ts';

/** Formats of `events.json`: the whole event as readers get it, or of a delta only its text, as a JSON string. */
export const EVENT_FORMATS = { whole: 1, 'text.delta': 2, 'reasoning.delta': 3 } as const;

export type DeltaType = 'text.delta' | 'reasoning.delta';

/** What the deltas of one message share. Those that share it can be joined. */
export interface DeltaHead {
  readonly type: DeltaType;
  /** The key of the message; 0 in events of format 1, which name it by its id alone. */
  readonly message: number;
  readonly messageId: string;
  /** The text of their events between `at` and the delta. */
  readonly json: string;
}

export function deltaHead(
  type: DeltaType,
  ids: { readonly runId: string; readonly messageId: string; readonly message: number },
): DeltaHead {
  const { runId, messageId, message } = ids;
  const json = `,"type":"${type}","runId":${JSON.stringify(runId)},"messageId":${JSON.stringify(messageId)},"delta":`;
  return { type, message, messageId, json };
}

/** An event as it is stored and sent: encoded once, when it is committed. */
export class EncodedEvent {
  readonly seq: number;
  /** Key of its run; 0 for none. */
  readonly run: number;
  readonly type: string;
  /** Of a delta only. */
  readonly head: DeltaHead | undefined;
  /** Of a delta; 0 for other events, which have it in their text. */
  readonly at: number;
  /** What is stored as `events.json`. */
  readonly stored: string;
  #bytes: string | undefined;

  constructor(fields: Pick<EncodedEvent, 'seq' | 'run' | 'type' | 'stored'>, head: DeltaHead | undefined, at: number) {
    this.seq = fields.seq;
    this.run = fields.run;
    this.type = fields.type;
    this.stored = fields.stored;
    this.head = head;
    this.at = at;
  }

  /** The whole event, as readers get it. */
  get json(): string {
    return this.#whole(this.stored);
  }

  /**
   * As `json`, with a character for each byte, and marked as standing for everything from `firstSeq` on. What all readers share is made
   * once, and only if there are any. It is put together from pieces that are bytes already: looking at the whole would copy it once more.
   */
  standingFrom(firstSeq: number): string {
    this.#bytes ??= this.#whole(utf8Bytes(this.stored));
    if (firstSeq === this.seq) return this.#bytes;
    const seq = `{"seq":${this.seq}`;
    return `${seq},"firstSeq":${firstSeq}${this.#bytes.slice(seq.length)}`;
  }

  #whole(stored: string): string {
    return this.head === undefined ? stored : `{"seq":${this.seq},"at":${this.at}${this.head.json}${stored}}`;
  }
}

export function encodeEvent(seq: number, at: number, run: number, draft: EventDraft): EncodedEvent {
  return new EncodedEvent({ seq, run, type: draft.type, stored: JSON.stringify({ seq, at, ...draft }) }, undefined, 0);
}

/** As `encodeEvent`, for the hot path: one string escape instead of an object. */
export function encodeDelta(seq: number, at: number, run: number, head: DeltaHead, delta: string): EncodedEvent {
  return new EncodedEvent({ seq, run, type: head.type, stored: JSON.stringify(delta) }, head, at);
}

/** The text of a delta that a guard withdrew. No other delta is empty. */
export const ERASED = '""';

export function emptyDelta({ seq, run, type, head, at }: EncodedEvent): EncodedEvent {
  return new EncodedEvent({ seq, run, type, stored: ERASED }, head, at);
}

/**
 * Joins adjacent deltas of one head by their text, without parsing: escaped strings concatenate, also where a surrogate pair was cut.
 * The result has the last seq; whoever sends it says what it stands for.
 */
export function joinDeltas(parts: readonly EncodedEvent[]): EncodedEvent {
  const last = parts[parts.length - 1];
  if (last === undefined) throw new RangeError('nothing to join');
  let text = '';
  for (const part of parts) text += part.stored.slice(1, -1);
  return new EncodedEvent({ seq: last.seq, run: last.run, type: last.type, stored: `"${text}"` }, last.head, last.at);
}

export function decodeEvent(json: string): StoredEvent {
  // Only the log writes these texts, and a test reads every one back through the schema.
  return JSON.parse(json) as StoredEvent;
}
