import { ownerOf } from '../../protocol/principal.ts';
import type { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Caller } from './caller.ts';

/** How often it is looked who has expired: streams end within a second. */
const TICK_MS = 250;

/** Whose authority may have changed: a principal's, as `ownerOf` names it, or that of one key or login. */
export type Whose = { readonly owner: string } | { readonly credentialId: string };

/** Everybody who has something that lasts: a socket, a stream, an upload. */
export class Callers {
  readonly #callers = new Set<Caller>();
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
    return () => this.#callers.delete(caller);
  }

  [Symbol.iterator](): IterableIterator<Caller> {
    return this.#callers.values();
  }

  /** Something changed what callers may: a key, a user, a share, a role. Say whose where that is known: to look at everybody takes a while. */
  lookAgain(whose?: Whose): void {
    for (const caller of this.#callers) if (whose === undefined || isOf(caller, whose)) caller.lookAgain();
  }

  /** Ends some of them; returns how many. */
  end(which: (caller: Caller) => boolean, error: VerbatimError): number {
    const ending = [...this.#callers].filter(which);
    for (const caller of ending) caller.end(error);
    return ending.length;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function isOf({ identity }: Caller, whose: Whose): boolean {
  return 'owner' in whose ? ownerOf(identity.principal) === whose.owner : identity.credentialId === whose.credentialId;
}
