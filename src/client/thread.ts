import type { ApiContract, EventOfApi } from '../protocol/contract.ts';
import type { OptInEvent } from '../protocol/event.ts';
import type { Reader } from '../protocol/notice.ts';
import { EventReader, type ReaderContext } from './eventReader.ts';
import { followFeed } from './followFeed.ts';

export interface WatchOptions {
  /** Deliver what comes after it: an `epoch-seq` cursor or a seq. Absent: from the beginning of the thread. */
  readonly after?: string | number | undefined;
  /** `messages` leaves out deltas, progress and status. Default `events`. */
  readonly mode?: 'events' | 'messages' | undefined;
  /** Events that are off by default, such as `tool.input.delta`. */
  readonly include?: readonly OptInEvent[] | undefined;
  /** Lets others know by `presence` that the caller reads the thread. Default false. */
  readonly present?: boolean | undefined;
  /** Start with a `thread.snapshot` of the messages so far. */
  readonly snapshot?: boolean | undefined;
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** Each `for await` is a reader of its own, from `after`. It never ends by itself; leaving the loop unsubscribes. */
export interface Watch<Event> extends AsyncIterable<Event> {
  /** Where the newest reader stands: `epoch-seq` of the last event it was given. Keep it to go on with `after` another day. */
  readonly cursor: string | undefined;
}

export interface Thread<Api extends ApiContract> {
  readonly id: string;
  watch(options?: WatchOptions): Watch<EventOfApi<Api>>;
  /**
   * Calls `listener` with those who read the thread and let it be known: at once, and whenever that changes, until the signal aborts (resolves). Rejects
   * when the caller may not read it, or the client is closed.
   */
  presence(listener: (readers: readonly Reader[]) => void, options: { readonly signal: AbortSignal }): Promise<void>;
}

export function createThread<Api extends ApiContract>(id: string, context: ReaderContext): Thread<Api> {
  return {
    id,
    presence: (listener, { signal }) =>
      followFeed(
        {
          path: 'threads.presence',
          input: { threadId: id },
          signal,
          // The edge: this is what the procedure yields.
          onData: (data) => listener((data as { readonly readers: readonly Reader[] }).readers),
        },
        context,
      ),
    watch({ after, mode, include, snapshot, present, signal } = {}) {
      let newest: EventReader | undefined;
      return {
        get cursor() {
          return newest === undefined && after !== undefined ? String(after) : newest?.cursor;
        },
        [Symbol.asyncIterator]() {
          const input = {
            threadId: id,
            ...(mode !== undefined && { mode }),
            ...(include !== undefined && { include }),
            ...(present === true && { present }),
          };
          newest = new EventReader({ path: 'threads.watch', input, after, beginsAt: 0, snapshot, signal }, context);
          // The edge: the contract says which events an application's agents can make.
          return newest as AsyncIterator<unknown> as AsyncIterator<EventOfApi<Api>>;
        },
      };
    },
  };
}
