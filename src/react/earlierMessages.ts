import type { Client } from '../client/client.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { Message } from '../protocol/message.ts';

/** The messages before those that a watch begins with, page by page. */
export class EarlierMessages {
  readonly #client: Client<ApiContract>;
  readonly #onChange: () => void;
  #list: readonly Message[] = [];
  #pageToken: string | undefined;
  #isOver = false;
  /** Counts how often it began anew. */
  #beginnings = 0;
  #loading: Promise<void> | undefined;

  constructor(client: Client<ApiContract>, onChange: () => void) {
    this.#client = client;
    this.#onChange = onChange;
  }

  get list(): readonly Message[] {
    return this.#list;
  }

  /** All of them are here. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** One page more, of those that are not among `later`. */
  load(threadId: string, later: readonly Message[]): Promise<void> {
    this.#loading ??= this.#load(threadId, later).finally(() => {
      this.#loading = undefined;
      this.#onChange();
    });
    this.#onChange();
    return this.#loading;
  }

  /** The thread is read anew from `messages` on: what is before them stays, when they follow on it. */
  startFrom(messages: readonly Message[], known: readonly Message[]): void {
    const all = [...this.#list, ...known];
    const oldest = messages.find((message) => !isOfChild(message))?.id;
    const at = all.findIndex(({ id }) => id === oldest);
    this.#list = at === -1 ? [] : all.slice(0, at);
    if (at !== -1) return;
    this.#beginnings += 1;
    this.#pageToken = undefined;
    this.#isOver = false;
  }

  async #load(threadId: string, later: readonly Message[]): Promise<void> {
    const beginning = this.#beginnings;
    const known = new Set([...this.#list, ...later].map(({ id }) => id));
    for (let found = false; !found && !this.#isOver; ) {
      const pageToken = this.#pageToken;
      const page = await this.#client.threads.messages({ threadId, ...(pageToken !== undefined && { pageToken }) });
      // It is before what is not here any more: between it and what is, some would be missing.
      if (beginning !== this.#beginnings) return;
      const older = page.items.filter((message) => !known.has(message.id) && !isOfChild(message));
      this.#list = [...older, ...this.#list];
      this.#pageToken = page.nextPageToken;
      this.#isOver = page.nextPageToken === undefined;
      found = older.length > 0;
    }
  }
}

const isOfChild = (message: Message): boolean => message.role === 'assistant' && message.parentRunId !== undefined;
