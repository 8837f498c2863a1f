import { ownerOf } from '../../protocol/principal.ts';
import type { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Caller } from './caller.ts';
import { HoldIndex } from './holdIndex.ts';

/** How often it is looked who has expired: streams end within a second. */
const TICK_MS = 250;

/** How many are looked at before others have their turn: each asks the database. */
const SLICE = 200;

/** Whose authority may have changed: a principal's, as `ownerOf` names it, that of one key, login or link, or of all who came by links. */
export type Whose = { readonly owner: string } | { readonly credentialId: string } | 'guests';

/** Everybody who has something that lasts: a socket, a stream, an upload. */
export class Callers {
  readonly #callers = new Set<Caller>();
  readonly #holds = new HoldIndex();
  /** Of everybody: one is under way, and whether another is to follow. */
  #look: 'none' | 'now' | 'again' = 'none';
  #isClosed = false;
  readonly #timer: NodeJS.Timeout;

  /** `hasChanged` says whether, since it was last asked, something changed that no call here did: a key may be revoked, a share be over. */
  constructor({ hasChanged }: { readonly hasChanged: () => boolean }) {
    this.#timer = setInterval(() => {
      if (hasChanged()) return this.lookAgain();
      // That asks for the end of each by its time.
      for (const caller of this.#callers) void caller.hasEnded;
    }, TICK_MS);
    this.#timer.unref();
  }

  /** The returned function says that it has gone. */
  enter(caller: Caller): () => void {
    this.#callers.add(caller);
    const drop = caller.keepIn(this.#holds);
    return () => {
      drop();
      this.#callers.delete(caller);
    };
  }

  [Symbol.iterator](): IterableIterator<Caller> {
    return this.#callers.values();
  }

  /**
   * Something changed what callers may: a key, a user, a share, a role. Say whose where that is known, or of which thread: to look at everybody
   * takes a while. The first of them are looked at before it returns, the others in turns of the event loop.
   */
  lookAgain(whose?: Whose | { readonly thread: number }): void {
    if (whose === undefined) return this.#lookAtAll();
    if (typeof whose === 'object' && 'thread' in whose) {
      return this.#inSlices(this.#holds.of(whose.thread), ([hold, caller]) => void caller.lookAt(hold));
    }
    const concerned = [...this.#callers].filter((caller) => isOf(caller, whose));
    this.#inSlices(concerned, (caller) => caller.lookAgain());
  }

  #lookAtAll(): void {
    if (this.#look !== 'none') {
      this.#look = 'again';
      return;
    }
    this.#look = 'now';
    const look = (caller: Caller): void => caller.lookAgain();
    this.#inSlices([...this.#callers], look, () => {
      const again = this.#look === 'again';
      this.#look = 'none';
      if (again) this.#lookAtAll();
    });
  }

  #inSlices<T>(items: readonly T[], look: (item: T) => void, done = (): void => {}): void {
    for (const item of items.slice(0, SLICE)) look(item);
    if (items.length <= SLICE) return done();
    setImmediate(() => {
      if (!this.#isClosed) this.#inSlices(items.slice(SLICE), look, done);
    });
  }

  /** Ends some of them; returns how many. */
  end(which: (caller: Caller) => boolean, error: VerbatimError): number {
    const ending = [...this.#callers].filter(which);
    for (const caller of ending) caller.end(error);
    return ending.length;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }
}

function isOf({ identity }: Caller, whose: Whose): boolean {
  if (whose === 'guests') return identity.principal.share !== undefined;
  return 'owner' in whose ? ownerOf(identity.principal) === whose.owner : identity.credentialId === whose.credentialId;
}
