const EVENT = '"data":{"seq":';
const FIRST_SEQ = ',"firstSeq":';

/** Checks that the frames of a watch follow each other, as a client would, and counts the stored events that they stand for. */
export class EventCount {
  frames = 0;
  bytes = 0;
  /** Of the last event. */
  seq: number;
  readonly #afterSeq: number;

  constructor(afterSeq: number) {
    this.seq = afterSeq;
    this.#afterSeq = afterSeq;
  }

  get events(): number {
    return this.seq - this.#afterSeq;
  }

  /** Throws when an event is missing or comes twice. */
  take(frame: string): void {
    const from = frame.indexOf(EVENT) + EVENT.length;
    const comma = frame.indexOf(',', from);
    const seq = Number(frame.slice(from, comma));
    const firstSeq = frame.startsWith(FIRST_SEQ, comma) ? Number.parseInt(frame.slice(comma + FIRST_SEQ.length, comma + 30), 10) : seq;
    if (firstSeq !== this.seq + 1) throw new Error(`after seq ${this.seq} came ${firstSeq} to ${seq}`);
    this.seq = seq;
    this.frames++;
    this.bytes += frame.length;
  }
}
