import type { Client } from '../client/client.ts';
import { onWake } from '../client/onWake.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { Page } from '../protocol/procedures.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { asVerbatimError } from './asVerbatimError.ts';
import { type ChangedList, changesOf } from './changes.ts';
import { Live } from './live.ts';

/** A list of the server's, as far as it is read. A row that did not change is the same object. */
export interface ListView<Row> {
  readonly rows: readonly Row[];
  readonly isLoaded: boolean;
  readonly isLoadingMore: boolean;
  readonly hasMore: boolean;
  /** Why it could not be read the last time. What was read before stays. */
  readonly error: VerbatimError | undefined;
}

export const UNREAD_LIST: ListView<never> = { rows: [], isLoaded: false, isLoadingMore: false, hasMore: false, error: undefined };

type Change<Row> = (rows: readonly Row[]) => readonly Row[];

export interface ListStoreOptions<Row> {
  readonly client: Client<ApiContract>;
  /** What it is told of by other hooks. */
  readonly list: ChangedList;
  /** How often it is read again while the page is seen. 0: never by time alone. */
  readonly refreshMs: number;
  readonly page: (pageToken: string | undefined) => Promise<Page<Row>>;
  readonly idOf: (row: Row) => string;
}

/**
 * Reads a list while somebody looks at it, and again when something in it changed here, when the connection or the page comes back, and from
 * time to time: the server tells nobody of what others do.
 */
export class ListStore<Row> {
  readonly live: Live<ListView<Row>>;
  readonly #options: ListStoreOptions<Row>;
  /** On their way. */
  readonly #changes = new Set<Change<Row>>();
  #rows: readonly Row[] = [];
  #pages = 1;
  #nextPageToken: string | undefined;
  #isLoaded = false;
  #isLoadingMore = false;
  #error: VerbatimError | undefined;
  #reading: Promise<void> | undefined;
  #isStale = false;

  constructor(options: ListStoreOptions<Row>) {
    this.#options = options;
    this.live = new Live<ListView<Row>>({ view: () => this.#view(), read: (signal) => this.#read(signal) }, UNREAD_LIST);
  }

  /** Reads it again, as far as it was read. Asked for while that is under way, it is done once more. */
  reload(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#reloadWhileStale().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async loadMore(): Promise<void> {
    if (this.#nextPageToken === undefined || this.#isLoadingMore) return;
    this.#isLoadingMore = true;
    this.#pages += 1;
    this.live.show();
    await this.reload();
  }

  /** Shows a change while an action makes it, and until it is read from the server. Rejects as the action does: then it is as it was. */
  async change<Result>(change: Change<Row>, action: () => Promise<Result>): Promise<Result> {
    const done = (): void => {
      this.#changes.delete(change);
      this.live.changed();
    };
    this.#changes.add(change);
    this.live.show();
    try {
      const result = await action();
      changesOf(this.#options.client).tell(this.#options.list);
      void this.reload().then(done);
      return result;
    } catch (cause) {
      done();
      // Perhaps somebody else was first.
      void this.reload();
      throw cause;
    }
  }

  #read(signal: AbortSignal): void {
    const { client, list, refreshMs } = this.#options;
    const again = (): void => void this.reload();
    const timer = refreshMs > 0 ? setInterval(() => isSeen() && again(), refreshMs) : undefined;
    const stops = [
      () => clearInterval(timer),
      onWake(again),
      changesOf(client).add((changed) => {
        if (changed === list) again();
      }),
      // The first connection is what the reading below makes.
      client.connection.subscribe(({ status }) => {
        if (status === 'online' && this.#isLoaded) again();
      }),
    ];
    signal.addEventListener('abort', () => {
      for (const stop of stops) stop();
    });
    again();
  }

  async #reloadWhileStale(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        await this.#readPages();
        this.#error = undefined;
      } catch (cause) {
        this.#error = asVerbatimError(cause);
      }
      this.#isLoadingMore = false;
      this.live.changed();
    }
  }

  async #readPages(): Promise<void> {
    const known = new Map(this.#rows.map((row) => [this.#options.idOf(row), row]));
    const rows = new Map<string, Row>();
    let pageToken: string | undefined;
    for (let read = 0; read < this.#pages; read += 1) {
      const page = await this.#options.page(pageToken);
      for (const row of page.items) {
        const id = this.#options.idOf(row);
        const before = known.get(id);
        rows.set(id, before !== undefined && JSON.stringify(before) === JSON.stringify(row) ? before : row);
      }
      pageToken = page.nextPageToken;
      if (pageToken === undefined) break;
    }
    this.#rows = [...rows.values()];
    this.#nextPageToken = pageToken;
    this.#isLoaded = true;
  }

  #view(): ListView<Row> {
    return {
      rows: [...this.#changes].reduce((rows, change) => change(rows), this.#rows),
      isLoaded: this.#isLoaded,
      isLoadingMore: this.#isLoadingMore,
      hasMore: this.#nextPageToken !== undefined,
      error: this.#error,
    };
  }
}

const isSeen = (): boolean => typeof document === 'undefined' || document.visibilityState !== 'hidden';
