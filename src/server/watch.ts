import type { LogBounds } from '../db/log.ts';
import type { Store } from '../db/sqliteStore.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { OptInEvent } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Connection } from './connection.ts';
import type { Services } from './services.ts';
import { takeStartedId } from './socketEncoder.ts';
import { type Feed, Tail, type TailOptions } from './tail.ts';
import { takeSubscription } from './takeSubscription.ts';
import type { Context } from './trpc.ts';
import { toTrpcError } from './trpc.ts';

export interface WatchOptions {
  readonly thread: number;
  /** `lastSeq` when it has ended. */
  readonly run: { readonly key: number; readonly id: string; readonly firstSeq: number; readonly lastSeq: number | undefined } | undefined;
  readonly lastEventId: string | number | undefined;
  readonly mode: 'events' | 'messages' | undefined;
  readonly include: readonly OptInEvent[] | undefined;
  readonly snapshot: boolean;
  /** Others may know that the caller reads it. */
  readonly present?: boolean | undefined;
  readonly context: Context;
  /** Throws when the caller may no longer read it. */
  readonly lookAgain: () => Promise<unknown>;
}

/** Opens a watch, or refuses: a cursor beyond the head is an error, one that means nothing here any more starts with a snapshot. */
export async function openWatch(services: Services, options: WatchOptions): Promise<Watch> {
  const { store, bell, readers, limits, presence } = services;
  const { thread, run, context, lookAgain } = options;
  const { caller, connection } = context;
  const bounds = await store.log.bounds(thread);
  if (bounds === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such thread.');
  const from = startOf(store.log.epoch, options, bounds);
  const giveBack = takeSubscription(connection, limits);
  const forget = readers.add(thread, run?.key);
  const leave = options.present === true ? presence.enter(thread, context.principal) : undefined;
  const release = caller?.hold({
    thread,
    isReader: true,
    lookAgain: async () => void (await lookAgain()),
    fail: (error) => tail.fail(error),
  });
  const tail: Tail = new Tail({
    log: store.log,
    bell,
    thread,
    run: run === undefined ? undefined : { key: run.key, members: await familyOf(store, run) },
    runEnded: run?.lastSeq !== undefined,
    mode: options.mode ?? 'events',
    include: options.include ?? [],
    maxPageBytes: limits.maxPageBytes,
    ...from,
    onEnd: () => {
      giveBack();
      leave?.();
      forget();
      release?.();
    },
  });
  return new Watch(tail, connection, store.log.epoch);
}

async function familyOf(store: Store, { key, id }: { readonly key: number; readonly id: string }): Promise<Map<number, string>> {
  return new Map([[key, id], ...(await store.runs.under(key)).map((row) => [row.key, row.id] as const)]);
}

function startOf(
  epoch: string,
  { lastEventId, run, snapshot }: WatchOptions,
  { head, floor }: LogBounds,
): Pick<TailOptions, 'start' | 'cursor'> {
  const given = lastEventId === undefined || lastEventId === '' ? undefined : parseCursor(lastEventId);
  const stale = given?.epoch !== undefined && given.epoch !== epoch;
  const cursor = given?.seq ?? (run === undefined ? 0 : run.firstSeq - 1);
  if (!stale && cursor > head) {
    throw new VerbatimError('CURSOR_AHEAD', `The thread ends at ${head}; it has no position ${cursor}.`, { details: { head } });
  }
  if (stale || cursor < floor) return { start: 'snapshot', cursor: 0 };
  return { start: snapshot && given === undefined ? 'snapshot' : 'events', cursor };
}

const DONE = { done: true, value: undefined } as const;

/**
 * What a subscription's procedure returns. To tRPC it is an iterable whose one step stays pending until the watch ends. tRPC's socket adapter
 * takes that step in the same turn in which it has encoded `started`, so the encoder knows the request's id, and from then on frames go
 * straight to the socket: one step of an async iterator for each token costs more than everything else together.
 */
export class Watch implements AsyncIterableIterator<never> {
  readonly tail: Feed;
  readonly #connection: Connection | undefined;
  readonly #epoch: string;

  constructor(tail: Feed, connection: Connection | undefined, epoch: string) {
    this.tail = tail;
    this.#connection = connection;
    this.#epoch = epoch;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<typeof DONE> {
    const requestId = takeStartedId();
    try {
      if (requestId === undefined || this.#connection === undefined) throw new Error('a watch began without its `started` frame');
      await this.tail.run(this.#connection.sink(requestId, this.#epoch));
    } catch (cause) {
      throw toTrpcError(cause);
    }
    return DONE;
  }

  async return(): Promise<typeof DONE> {
    this.tail.end();
    return DONE;
  }
}
