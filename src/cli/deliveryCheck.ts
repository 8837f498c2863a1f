import type { AnyEvent } from '../protocol/event.ts';

/** Counts, from what a reader was given and nothing else, what it missed, what it got twice, and what the answer is. */
export class DeliveryCheck {
  #last: number;
  #text = '';
  events = 0;
  /** Positions that no event stood for. */
  gaps = 0;
  /** Positions that a second event stood for. */
  doubles = 0;
  /** Words that the server withdrew after the reader had seen them. */
  withdrawnWords = 0;
  /** Completed messages whose text is not what their deltas add up to. */
  mismatches = 0;

  /** `after` is the position that the reader had when it began. */
  constructor(after: number) {
    this.#last = after;
  }

  /** The answer as its pieces add up to it, withdrawn ones left out. */
  get text(): string {
    return this.#text;
  }

  /** Of the last event. */
  get seq(): number {
    return this.#last;
  }

  add(event: AnyEvent): void {
    const first = event.firstSeq ?? event.seq;
    this.events++;
    this.gaps += Math.max(0, first - this.#last - 1);
    this.doubles += Math.max(0, Math.min(event.seq, this.#last) - first + 1);
    this.#last = Math.max(this.#last, event.seq);
    if (event.type === 'message.started') this.#text = '';
    if (event.type === 'text.delta') this.#text += event.delta;
    if (event.type === 'message.completed' && event.text !== this.#text) this.mismatches++;
    if (event.type === 'message.discarded') {
      this.withdrawnWords += this.#text.split(' ').filter(Boolean).length;
      this.#text = '';
    }
  }
}
