import type { Clock } from '../protocol/clock.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { AnyEvent } from '../protocol/event.ts';
import { limitDetailsOf } from '../protocol/limitError.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { backoffMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { Continuity } from './continuity.ts';
import { EventQueue } from './eventQueue.ts';
import { pause } from './pause.ts';

export interface ReaderSource {
  readonly path: 'threads.watch' | 'runs.watch';
  /** Everything but `lastEventId` and `snapshot`. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Read what comes after it. */
  readonly after?: string | number | undefined;
  /** The position before the first event when `after` is absent, if that is known. */
  readonly beginsAt?: number | undefined;
  /** Ask for a snapshot to start from. */
  readonly snapshot?: boolean | undefined;
  /** The event after which there is nothing to wait for. */
  readonly isLast?: ((event: AnyEvent) => boolean) | undefined;
  /** Ends the reader without an error. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReaderContext {
  readonly connection: Connection;
  readonly clock: Clock;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
}

/** Subscriptions in a row that the server may end without an event and without saying why. */
const MAX_SILENT_ENDINGS = 5;

/** Why a subscription is over. `full`: its consumer does not keep up. `stopped`: the server ended it. */
type Ending = { readonly why: 'last' | 'full' | 'gap' | 'stopped' } | { readonly why: 'failed'; readonly error: VerbatimError };

/**
 * One pass over a thread's or a run's events: each once, in order, across lost connections. Subscribes at the first `next()`, resumes from
 * its own cursor, checks every event against the one before, and ends after `isLast`, by `return()`, or by its signal.
 * Rejects with what closed the client, with the server's final answer, or with `CURSOR_GAP` when resuming did not close a gap.
 * Holds a bounded queue: while its consumer does not keep up, it has no subscription.
 */
export class EventReader implements AsyncIterableIterator<AnyEvent, undefined> {
  readonly #source: ReaderSource;
  readonly #context: ReaderContext;
  readonly #continuity: Continuity;
  readonly #queue = new EventQueue();
  /** Ends the work behind the reader. */
  readonly #ended = new AbortController();
  #started = false;
  #delivered = false;
  #release = () => {};
  #endSubscription: ((ending: Ending) => void) | undefined;

  constructor(source: ReaderSource, context: ReaderContext) {
    this.#source = source;
    this.#context = context;
    this.#continuity = new Continuity(source.after, source.beginsAt);
    this.#queue.cursor = this.#continuity.cursor;
  }

  /** Of the last event that was taken: give it back as `after` to go on behind it. */
  get cursor(): string | undefined {
    return this.#queue.cursor;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<AnyEvent, undefined>> {
    if (!this.#started) this.#start();
    return this.#queue.take();
  }

  /** Unsubscribes at once, even while a `next()` is pending, which then ends too. */
  return(): Promise<IteratorResult<AnyEvent, undefined>> {
    this.#started = true;
    this.#finish();
    this.#queue.clear();
    return Promise.resolve({ done: true, value: undefined });
  }

  #start(): void {
    this.#started = true;
    const { signal } = this.#source;
    if (signal?.aborted) {
      this.#finish();
      return;
    }
    const onAbort = () => void this.return();
    signal?.addEventListener('abort', onAbort, { once: true });
    const release = this.#context.connection.hold();
    this.#release = () => {
      signal?.removeEventListener('abort', onAbort);
      release();
    };
    this.#follow().then(
      () => this.#finish(),
      (error: unknown) => this.#finish({ error }),
    );
  }

  #finish(failure?: { readonly error: unknown }): void {
    this.#release();
    this.#ended.abort();
    this.#endSubscription?.({ why: 'last' });
    this.#queue.close(failure);
  }

  /** One subscription after the other. Returns after the last event, throws what cannot be mended. */
  async #follow(): Promise<void> {
    const { clock, random } = this.#context;
    const { after } = this.#source;
    if (after !== undefined && parseCursor(after) === undefined) {
      throw new VerbatimError('BAD_INPUT', `"${after}" is not a cursor: give back one that a watch had, or a seq`);
    }
    let failures = 0;
    let silentEndings = 0;
    let gaps = 0;
    while (!this.#ended.signal.aborted) {
      const before = this.#continuity.cursor;
      const ending = await this.#subscribeOnce();
      if (this.#continuity.cursor !== before) {
        failures = 0;
        silentEndings = 0;
        gaps = 0;
      }
      switch (ending.why) {
        case 'last':
          return;
        case 'full':
          await this.#queue.whenDrained();
          continue;
        case 'gap':
          gaps += 1;
          if (gaps > 1) throw new VerbatimError('CURSOR_GAP', `Events are missing after ${this.#continuity.cursor ?? 'the start'}`);
          continue;
        case 'stopped':
          silentEndings += 1;
          if (silentEndings >= MAX_SILENT_ENDINGS) throw new VerbatimError('WATCH_ENDED', 'The server keeps ending this watch');
          break;
        case 'failed':
          // The connection spaces its own attempts; answers of a server that lives are spaced below.
          if (ending.error.code === 'CONNECTION_LOST') continue;
          if (!ending.error.retryable) throw ending.error;
      }
      const retryAfterMs = (ending.why === 'failed' && limitDetailsOf(ending.error)?.retryAfterMs) || 0;
      await pause(clock, Math.max(retryAfterMs, backoffMs(failures, random)), this.#ended.signal);
      failures += 1;
    }
  }

  async #subscribeOnce(): Promise<Ending> {
    const { path, input, snapshot } = this.#source;
    const wire = await this.#context.connection.ready(this.#ended.signal);
    const lastEventId = this.#continuity.cursor;
    const fullInput = {
      ...input,
      ...(lastEventId !== undefined && { lastEventId }),
      ...(snapshot === true && !this.#delivered && { snapshot: true }),
    };
    return new Promise((resolve) => {
      let over = false;
      const end = (ending: Ending) => {
        over = true;
        this.#endSubscription = undefined;
        resolve(ending);
      };
      const stop = wire.subscribe(path, fullInput, {
        next: (id, data, size) => {
          if (!over) this.#deliver(id, data, size);
        },
        end: (error) => {
          if (!over) end(error === undefined ? { why: 'stopped' } : { why: 'failed', error });
        },
      });
      this.#endSubscription = (ending) => {
        end(ending);
        stop();
      };
    });
  }

  #deliver(id: string | undefined, data: unknown, size: number): void {
    // The edge: a server of ours sends events. Those of a newer one are handed on as they are.
    const event = data as AnyEvent;
    const verdict = this.#continuity.accept(id, event);
    if (verdict === 'seen') return;
    if (verdict === 'gap') {
      this.#endSubscription?.({ why: 'gap' });
      return;
    }
    this.#delivered = true;
    this.#queue.push({ event, cursor: this.#continuity.cursor, size });
    if (this.#source.isLast?.(event)) this.#endSubscription?.({ why: 'last' });
    else if (this.#queue.isFull) this.#endSubscription?.({ why: 'full' });
  }
}
