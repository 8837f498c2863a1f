import { formatCursor, parseCursor } from '../protocol/cursor.ts';
import type { AnyEvent } from '../protocol/event.ts';

export type Verdict = 'next' | 'seen' | 'gap';

/** Checks that delivered events follow each other, and keeps the cursor: the position up to which everything was delivered. */
export class Continuity {
  #epoch: string | undefined;
  /** Undefined until the first event, for a reader that does not know where its events begin. */
  #seq: number | undefined;
  /** The position was given or reached, and is not only where events are known to begin. */
  #isCursor: boolean;

  constructor(after: string | number | undefined, beginsAt: number | undefined) {
    const cursor = after === undefined ? undefined : parseCursor(after);
    this.#epoch = cursor?.epoch;
    this.#seq = cursor?.seq ?? beginsAt;
    this.#isCursor = cursor !== undefined;
  }

  /** What to resume from; undefined to begin where events begin. */
  get cursor(): string | undefined {
    if (this.#seq === undefined || !this.#isCursor) return undefined;
    return this.#epoch === undefined ? String(this.#seq) : formatCursor(this.#epoch, this.#seq);
  }

  /** Moves the cursor when the event is the next one, or a snapshot, from which a reader starts anew. */
  accept(id: string | undefined, event: Pick<AnyEvent, 'seq' | 'firstSeq' | 'type'>): Verdict {
    const at = id === undefined ? undefined : parseCursor(id);
    if (at?.epoch === undefined || at.seq !== event.seq) return 'gap';
    if (event.type !== 'thread.snapshot') {
      // A new epoch begins with a snapshot: positions of two epochs cannot be compared.
      if (this.#epoch !== undefined && at.epoch !== this.#epoch) return 'gap';
      if (this.#seq !== undefined) {
        if (event.seq <= this.#seq) return 'seen';
        if ((event.firstSeq ?? event.seq) !== this.#seq + 1) return 'gap';
      }
    }
    this.#epoch = at.epoch;
    this.#seq = at.seq;
    this.#isCursor = true;
    return 'next';
  }
}
