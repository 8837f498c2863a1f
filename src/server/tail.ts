import { decodeEvent, type EncodedEvent, ERASED, joinDeltas } from '../db/encodedEvent.ts';
import type { Follower, Log } from '../db/log.ts';
import { utf8Bytes } from '../db/utf8Bytes.ts';
import { FINE_GRAINED_EVENTS, isTerminalEvent, OPT_IN_EVENTS, type OptInEvent } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Bell } from './bell.ts';
import { flushOutboxes } from './outbox.ts';

/** Where a tail sends to: one subscription of one socket, or one SSE response. */
export interface Sink {
  /** The reader does not keep up. */
  readonly full: boolean;
  /** Bytes until it is, at least 1. */
  readonly room: number;
  /** `bytes` is an event as JSON, with a character for each byte. */
  send(seq: number, bytes: string): void;
  /** Calls `listener` once, when there may be room again; the returned function takes it back. */
  onDrain(listener: () => void): () => void;
}

/** What a watch delivers. */
export interface Feed {
  /** Delivers until it ends (resolves) or fails (rejects). */
  run(sink: Sink): Promise<void>;
  end(): void;
}

export interface TailOptions {
  readonly log: Log;
  readonly bell: Bell;
  readonly thread: number;
  /** The only run to deliver, with those under it that are known by now; the tail ends with its terminal event. */
  readonly run: RunFamily | undefined;
  /** That run had ended when the watch began: there is nothing to wait for. */
  readonly runEnded: boolean;
  /** Deliver what comes after this. */
  readonly cursor: number;
  readonly mode: 'events' | 'messages';
  /** Events that are left out unless they are named here. */
  readonly include: readonly OptInEvent[];
  /** Text read from the log at once. */
  readonly maxPageBytes: number;
  /** What to begin with instead of the events up to it. */
  readonly start: 'events' | 'snapshot';
  /** Called once, when the tail has ended, however it did. */
  readonly onEnd: () => void;
}

/** A run and the runs under it, by key, with their ids: more of them begin while it is read. */
export interface RunFamily {
  readonly key: number;
  readonly members: Map<number, string>;
}

/** Events read from the store at once: what a reader costs that is behind, however slow it is. */
const PAGE_EVENTS = 512;
const OPT_IN: ReadonlySet<string> = new Set(OPT_IN_EVENTS);
/** Text joined into one frame, in UTF-16 units. */
const MAX_JOINED = 32 * 1024;

/**
 * The only way from the log to a reader, for replay and live alike: each committed event once, in order. Deltas that wait together are
 * joined; a frame that stands for more than its own seq says so by `firstSeq`.
 *
 * It is pushed, not pulled: `run` stays pending while every commit sends straight to the sink. When the sink is full it stops and holds
 * nothing; when that has drained it goes on from the log.
 */
export class Tail implements Feed {
  readonly #options: TailOptions;
  readonly #run: RunFamily | undefined;
  readonly #onlyMessages: boolean;
  readonly #leftOut: ReadonlySet<string>;
  #sink: Sink | undefined;
  #follower: Follower | undefined;
  #unlisten = (): void => {};
  #undrain = (): void => {};
  /** Last seq looked at. */
  #read: number;
  /** Last seq that the reader accounts for. */
  #delivered: number;
  #state: 'live' | 'reading' | 'draining' | 'ended' = 'live';
  #discarded: ReadonlySet<string> | undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(options: TailOptions) {
    this.#options = options;
    this.#run = options.run;
    this.#leftOut = options.include.length === 0 ? OPT_IN : new Set(OPT_IN_EVENTS.filter((type) => !options.include.includes(type)));
    this.#onlyMessages = options.mode === 'messages';
    this.#read = options.cursor;
    this.#delivered = options.cursor;
  }

  /** Delivers until the run has ended (resolves), `end` is called (resolves), or the thread is gone or cannot be read (rejects). */
  run(sink: Sink): Promise<void> {
    const { log, bell, thread, start } = this.#options;
    this.#sink = sink;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#state === 'ended') return resolve();
      // Listen before reading: an append between the two would ring a bell that nobody hears.
      this.#follower = log.follow(thread);
      this.#unlisten = bell.listen(thread, () => {
        if (this.#state === 'live') this.#pump();
      });
      if (start === 'events') this.#resume();
      else this.#restart();
    });
  }

  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#unlisten();
    this.#undrain();
    this.#follower?.close();
    this.#options.onEnd();
    this.#resolve();
  }

  fail(error: unknown): void {
    this.#reject(error);
    this.end();
  }

  /** As `#pump`, when no bell rings: who rings it flushes for all. */
  #resume(): void {
    this.#pump();
    flushOutboxes();
  }

  /** Delivers what there is, as far as the sink takes it. */
  #pump(): void {
    const follower = this.#follower;
    const sink = this.#sink;
    if (follower === undefined || sink === undefined) return;
    while (this.#state === 'live') {
      if (follower.deleted) return this.fail(new VerbatimError('NOT_FOUND', 'The thread was deleted.'));
      if (this.#read >= follower.head) {
        this.#discarded = undefined;
        return this.#options.runEnded ? this.end() : undefined;
      }
      const recent = follower.freshAfter(this.#read);
      if (recent !== undefined) this.#deliver(recent, sink);
      else if (sink.full) this.#awaitDrain(sink);
      else this.#await(this.#readPage(sink.room), (page) => this.#take(page));
    }
  }

  /** No more than there is room for: what is read beyond would be read again. */
  async #readPage(room: number): Promise<readonly EncodedEvent[]> {
    const { log, thread, maxPageBytes } = this.#options;
    this.#discarded ??= await log.discardedMessages(thread);
    return log.page(thread, this.#read, PAGE_EVENTS, Math.min(room, maxPageBytes));
  }

  #take(page: readonly EncodedEvent[]): void {
    // What was folded away meanwhile is missing at the front: the reader starts anew.
    if (page[0]?.seq !== this.#read + 1) return this.#restart();
    if (this.#sink !== undefined) this.#deliver(page, this.#sink);
  }

  #awaitDrain(sink: Sink, then = (): void => this.#resume()): void {
    this.#state = 'draining';
    this.#undrain = sink.onDrain(() => {
      if (this.#state !== 'draining') return;
      this.#state = 'live';
      then();
    });
  }

  #await<T>(work: Promise<T>, then: (result: T) => void): void {
    this.#state = 'reading';
    work.then(
      (result) => {
        if (this.#state !== 'reading') return;
        this.#state = 'live';
        // What was read of a thread that is gone by now is nothing, or half of it.
        if (this.#follower?.deleted !== true) then(result);
        this.#resume();
      },
      (error) => this.fail(error),
    );
  }

  #deliver(events: readonly EncodedEvent[], sink: Sink): void {
    for (let index = 0; index < events.length && this.#state === 'live'; ) {
      const event = events[index];
      if (event === undefined) return;
      if (!this.#wants(event)) {
        this.#read = event.seq;
        index++;
        continue;
      }
      if (sink.full) return this.#awaitDrain(sink);
      const next = this.#endOfDeltas(events, index);
      const joined = next - index === 1 ? event : joinDeltas(events.slice(index, next).filter((other) => this.#wants(other)));
      this.#read = joined.seq;
      this.#send(joined, sink);
      index = next;
    }
  }

  /** The index after the last delta that can be joined to the one at `from`. */
  #endOfDeltas(events: readonly EncodedEvent[], from: number): number {
    const first = events[from];
    let end = from + 1;
    if (first?.head === undefined) return end;
    let length = first.stored.length;
    for (let index = end; index < events.length; index++) {
      const event = events[index];
      if (event === undefined || !this.#wants(event)) continue;
      length += event.stored.length;
      if (event.head !== first.head || length > MAX_JOINED) break;
      end = index + 1;
    }
    return end;
  }

  #wants(event: EncodedEvent): boolean {
    if (this.#run !== undefined && event.run !== this.#run.key && !isOfFamily(this.#run, event)) return false;
    if (event.head === undefined && this.#leftOut.has(event.type)) return false;
    if (this.#onlyMessages && FINE_GRAINED_EVENTS.has(event.type)) return false;
    if (event.head === undefined) return true;
    // Text that was withdrawn after this page of the log was asked for, or together with it.
    return event.stored !== ERASED && this.#discarded?.has(event.head.messageId) !== true;
  }

  #send(event: EncodedEvent, sink: Sink): void {
    const firstSeq = this.#delivered + 1;
    this.#delivered = event.seq;
    sink.send(event.seq, event.standingFrom(firstSeq));
    if (this.#run?.key === event.run && isTerminalEvent(event)) this.end();
  }

  /** Begins anew from what is stored, instead of events that are no longer there or are of another epoch. */
  #restart(): void {
    const { log, thread, run, maxPageBytes } = this.#options;
    const sink = this.#sink;
    if (sink === undefined) return;
    if (sink.full) return this.#awaitDrain(sink, () => this.#restart());
    const work =
      run === undefined
        ? log.snapshot(thread, maxPageBytes).then((snapshot) => ({ snapshot, terminal: undefined }))
        : log.runSnapshot(thread, run.key, maxPageBytes);
    this.#await(work, ({ snapshot, terminal }) => {
      // Others have sent meanwhile: theirs and ours would be held together.
      if (sink.full) return this.#awaitDrain(sink, () => this.#restart());
      this.#read = snapshot.seq;
      this.#delivered = snapshot.seq;
      sink.send(snapshot.seq, utf8Bytes(JSON.stringify(snapshot)));
      if (terminal !== undefined) this.#send(terminal, sink);
    });
  }
}

/** A child run is told with its parent's events. The first event of each names its parent. */
function isOfFamily({ members }: RunFamily, event: EncodedEvent): boolean {
  if (members.has(event.run)) return true;
  if (event.type !== 'run.queued') return false;
  const queued = decodeEvent(event.json);
  if (queued.type !== 'run.queued' || queued.parentRunId === undefined) return false;
  if (![...members.values()].includes(queued.parentRunId)) return false;
  members.set(event.run, queued.runId);
  return true;
}
