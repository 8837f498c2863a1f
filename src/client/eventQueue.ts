import type { AnyEvent } from '../protocol/event.ts';

/** What may wait for a consumer that does not keep up: beyond either, the queue is full. */
export const MAX_WAITING_EVENTS = 2_000;
export const MAX_WAITING_CHARACTERS = 2 * 1024 * 1024;

type Result = IteratorResult<AnyEvent, undefined>;

export interface QueuedEvent {
  readonly event: AnyEvent;
  /** Where a reader stands once it has taken the event. */
  readonly cursor: string | undefined;
  readonly size: number;
}

interface Taker {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Hands events from the one who reads to the one who takes, in order. Does not refuse when full: whoever fills it asks `isFull`. */
export class EventQueue {
  #events: QueuedEvent[] = [];
  #taken = 0;
  #characters = 0;
  #takers: Taker[] = [];
  #drained: (() => void)[] = [];
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  /** Of the last event that was taken. */
  cursor: string | undefined;

  get isFull(): boolean {
    return this.#events.length - this.#taken >= MAX_WAITING_EVENTS || this.#characters >= MAX_WAITING_CHARACTERS;
  }

  push(queued: QueuedEvent): void {
    if (this.#closed) return;
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#events.push(queued);
      this.#characters += queued.size;
      return;
    }
    this.cursor = queued.cursor;
    taker.resolve({ done: false, value: queued.event });
  }

  take(): Promise<Result> {
    const queued = this.#events[this.#taken];
    if (queued !== undefined) {
      this.cursor = queued.cursor;
      this.#characters -= queued.size;
      this.#taken += 1;
      if (this.#taken === this.#events.length) this.#drain();
      // A consumer that is always one behind never drains it.
      else if (this.#taken >= MAX_WAITING_EVENTS) this.#compact();
      return Promise.resolve({ done: false, value: queued.event });
    }
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#closed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Resolves when everything was taken or thrown away. */
  whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#events.length === 0) resolve();
      else this.#drained.push(resolve);
    });
  }

  /** Nothing more comes. What waits can still be taken; then one taker gets the failure, if there is one. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    const takers = this.#takers;
    this.#takers = [];
    // Those who wait found nothing to take, so they take the end.
    for (const taker of takers) this.take().then(taker.resolve, taker.reject);
  }

  /** Throws away what waits. */
  clear(): void {
    this.#failure = undefined;
    this.#drain();
  }

  #drain(): void {
    this.#events = [];
    this.#taken = 0;
    this.#characters = 0;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #compact(): void {
    this.#events = this.#events.slice(this.#taken);
    this.#taken = 0;
  }
}
