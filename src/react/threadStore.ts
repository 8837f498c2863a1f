import type { Client } from '../client/client.ts';
import { emptyThread, reduceThread, type ThreadState } from '../client/reducer.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { AnyEvent } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { onNextFrame } from './frame.ts';

/** A thread as it is read. A new object exactly when something changed; parts that did not change keep their identity. */
export interface ThreadView {
  readonly thread: ThreadState;
  /** False until the first of it has come. */
  readonly isLoaded: boolean;
  /** What is shown is behind what the server has. */
  readonly isCatchingUp: boolean;
  /** Why it cannot be read. Nothing more comes. */
  readonly error: VerbatimError | undefined;
}

export const UNREAD: ThreadView = { thread: emptyThread, isLoaded: false, isCatchingUp: false, error: undefined };

/** How long a thread is kept when nobody looks at it any more: StrictMode, and a way from page to page, look away for a moment. */
const KEPT_MS = 5_000;

/** Reads a thread while somebody listens, and goes on where it was. Listeners are told at most once a frame. */
export class ThreadStore {
  readonly #client: Client<ApiContract>;
  readonly #threadId: string;
  readonly #listeners = new Set<() => void>();
  readonly #onUnused: () => void;
  #thread = emptyThread;
  #cursor: string | undefined;
  #head = 0;
  #view = UNREAD;
  #error: VerbatimError | undefined;
  #reading: AbortController | undefined;
  #cancelFrame: (() => void) | undefined;
  #unused: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client<ApiContract>, threadId: string, onUnused: () => void) {
    this.#client = client;
    this.#threadId = threadId;
    this.#onUnused = onUnused;
  }

  readonly view = (): ThreadView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    // Not the function itself: one that is given twice listens twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    clearTimeout(this.#unused);
    this.#read();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#unused = setTimeout(() => this.#stop(), KEPT_MS);
    };
  };

  #read(): void {
    if (this.#reading !== undefined || this.#error !== undefined) return;
    const reading = new AbortController();
    this.#reading = reading;
    const stopListening = this.#client.connection.subscribe(({ status }) => {
      if (status === 'online') void this.#askHead();
    });
    reading.signal.addEventListener('abort', stopListening);
    this.#follow(reading.signal).catch((error: unknown) => {
      if (reading.signal.aborted) return;
      stopListening();
      this.#error =
        error instanceof VerbatimError ? error : new VerbatimError('INTERNAL', 'The thread could not be read.', { cause: error });
      this.#reading = undefined;
      this.#changed();
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const after = this.#cursor;
    const watch = this.#client.thread(this.#threadId).watch({ signal, ...(after === undefined ? { snapshot: true } : { after }) });
    void this.#askHead();
    for await (const event of watch) {
      // The edge: a thread is folded by what every Api has in common.
      this.#thread = reduceThread(this.#thread, event as AnyEvent);
      this.#cursor = watch.cursor;
      this.#changed();
    }
  }

  /** Up to where there is something to catch up with. */
  async #askHead(): Promise<void> {
    try {
      const { head } = await this.#client.threads.get({ threadId: this.#threadId });
      if (head <= this.#head) return;
      this.#head = head;
      this.#changed();
    } catch {
      // Whoever reads is told by the watch why that cannot be.
    }
  }

  #changed(): void {
    this.#cancelFrame ??= onNextFrame(() => {
      this.#cancelFrame = undefined;
      const { seq } = this.#thread;
      const isLoaded = this.#cursor !== undefined;
      this.#view = { thread: this.#thread, isLoaded, isCatchingUp: isLoaded && seq < this.#head, error: this.#error };
      for (const listener of this.#listeners) listener();
    });
  }

  #stop(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
    this.#reading?.abort();
    this.#reading = undefined;
    this.#onUnused();
  }
}

const stores = new WeakMap<object, Map<string, ThreadStore>>();

/** The one store of a thread, for all who look at it by the same client. */
export function threadStoreOf(client: Client<ApiContract>, threadId: string): ThreadStore {
  const ofClient = stores.get(client) ?? new Map<string, ThreadStore>();
  stores.set(client, ofClient);
  const known = ofClient.get(threadId);
  if (known !== undefined) return known;
  const store = new ThreadStore(client, threadId, () => void ofClient.delete(threadId));
  ofClient.set(threadId, store);
  return store;
}
