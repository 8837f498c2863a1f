import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Addressed } from './threadStore.ts';

/** Where own messages are kept until the server has them, over a reload too: `sessionStorage` and `localStorage` are such. */
export interface MessageStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A message that was sent, and not answered yet or refused. */
export interface UnsentMessage {
  /** Its idempotency key. */
  readonly key: string;
  readonly at: number;
  /** Absent in a thread that has not begun: `draft` says which one. */
  readonly threadId?: string | undefined;
  readonly draft: string;
  /** The last message of the thread then; empty when it had none. Absent when that was not known. */
  readonly after?: string | undefined;
  readonly message: Addressed;
  /** What it was refused for. */
  readonly refusal?: { readonly code: VerbatimError['code']; readonly message: string } | undefined;
}

interface Holder {
  /** Somebody looks at it. */
  readonly isWatched: boolean;
}

const STORAGE_KEY = 'verbatim.unsent';
/** So long a server knows a key again: later, the same message could come to be there twice. */
const KNOWN_MS = 24 * 60 * 60_000;

/** The messages of a client that have no receipt. Each is held by the store that shows it; after a reload, by none until one takes it. */
export class Unsent {
  storage: MessageStorage | undefined;
  #list: readonly UnsentMessage[] = [];
  readonly #holders = new Map<string, Holder>();

  add(holder: Holder, unsent: UnsentMessage): void {
    this.#holders.set(unsent.key, holder);
    this.#write([...this.#read(), unsent]);
  }

  remove(key: string): void {
    this.#holders.delete(key);
    this.#change((list) => list.filter((unsent) => unsent.key !== key));
  }

  /** Undefined: it is sent again. */
  refuse(key: string, error: VerbatimError | undefined): void {
    // Nobody has refused it: another client of the page may send it.
    if (error?.code === 'CLIENT_CLOSED') return;
    const refusal = error && { code: error.code, message: error.message };
    this.#change((list) => list.map((unsent) => (unsent.key === key ? { ...unsent, refusal } : unsent)));
  }

  /** The thread has begun. */
  begin(draft: string, threadId: string): void {
    this.#change((list) =>
      list.map((unsent) => (unsent.threadId === undefined && unsent.draft === draft ? { ...unsent, threadId } : unsent)),
    );
  }

  /** Those of a thread, or of the newest that has not begun, which nobody shows. */
  take(holder: Holder, threadId: string | undefined): readonly UnsentMessage[] {
    const free = this.#read().filter((unsent) => unsent.threadId === threadId && this.#isFree(unsent, holder));
    const draft = free.at(-1)?.draft;
    const taken = free.filter((unsent) => threadId !== undefined || unsent.draft === draft);
    for (const { key } of taken) this.#holders.set(key, holder);
    return taken;
  }

  /** The threads that have some. */
  get threadIds(): ReadonlySet<string> {
    return new Set(this.#read().flatMap(({ threadId }) => threadId ?? []));
  }

  #isFree({ key, refusal }: UnsentMessage, holder: Holder): boolean {
    const known = this.#holders.get(key);
    return known === undefined || (known !== holder && refusal !== undefined && !known.isWatched);
  }

  #change(change: (list: readonly UnsentMessage[]) => readonly UnsentMessage[]): void {
    const list = this.#read();
    // Whoever has cleared the storage meanwhile has meant it.
    if (list.length > 0) this.#write(change(list));
  }

  #read(): readonly UnsentMessage[] {
    if (this.storage === undefined) return this.#list;
    try {
      // The edge: it was written here, by this version or another.
      const list: unknown = JSON.parse(this.storage.getItem(STORAGE_KEY) ?? '[]');
      return Array.isArray(list) ? list.filter(isUnsent) : [];
    } catch {
      return []; // Not what was written here, or not allowed to be read.
    }
  }

  #write(list: readonly UnsentMessage[]): void {
    this.#list = list;
    try {
      if (list.length === 0) this.storage?.removeItem(STORAGE_KEY);
      else this.storage?.setItem(STORAGE_KEY, JSON.stringify(list));
    } catch {
      // Full: it is sent all the same, and only a reload loses it.
    }
  }
}

/** Why a message that was kept is not sent by itself, if so. */
export function refusalOf({ refusal, at }: UnsentMessage): VerbatimError | undefined {
  if (refusal !== undefined) return new VerbatimError(refusal.code, refusal.message);
  if (Date.now() - at < KNOWN_MS) return undefined;
  return new VerbatimError('TIMEOUT', 'This was written more than a day ago, and whether it was sent is not known any more.');
}

function isUnsent(value: unknown): value is UnsentMessage {
  const { key, at, draft, message } = (value ?? {}) as Partial<UnsentMessage>;
  return typeof key === 'string' && typeof at === 'number' && typeof draft === 'string' && typeof message?.text === 'string';
}

const byClient = new WeakMap<object, Unsent>();

export function unsentOf(client: object): Unsent {
  const known = byClient.get(client) ?? new Unsent();
  byClient.set(client, known);
  return known;
}
