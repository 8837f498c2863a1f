import type { IncomingMessage } from 'node:http';
import { newId } from '../../db/ids.ts';
import type { Clock } from '../../protocol/clock.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Identity } from './authMethod.ts';
import type { HoldIndex } from './holdIndex.ts';

/** Something that lasts, and only as long as its caller may have it: a watch, a wait, a download. */
export interface Hold {
  /** The key of the thread that it is of: looked at when somebody shares or deletes that. Absent: of any. */
  readonly thread?: number;
  /** It reads the thread's log: notices to its readers are for it. */
  readonly isReader?: boolean;
  /** Throws when the caller may no longer have it. */
  lookAgain?(): void | Promise<void>;
  /** Ends it, and says why. */
  fail(error: VerbatimError): void;
}

export interface CallerOptions {
  readonly identity: Identity;
  /** What brought it: the upgrade of its socket, or the request itself. */
  readonly request: IncomingMessage;
  readonly clock: Clock;
  /** Where it is, as far as proxies that are trusted say. */
  readonly address: string;
  readonly transport: 'ws' | 'http' | 'sse' | 'mcp';
  /** Called once, when its authority has ended: after its holds were told. */
  readonly onEnd?: (error: VerbatimError) => void;
}

/** Who a connection or a request acts for. Its authority can change and end while it lasts; every call and every stream asks it anew. */
export class Caller {
  readonly request: IncomingMessage;
  readonly address: string;
  readonly transport: CallerOptions['transport'];
  readonly since: number;
  #id: string | undefined;
  readonly #clock: Clock;
  readonly #onEnd: ((error: VerbatimError) => void) | undefined;
  readonly #holds = new Set<Hold>();
  #index: HoldIndex | undefined;
  #identity: Identity;
  #ended: VerbatimError | undefined;

  constructor({ identity, request, clock, address, transport, onEnd }: CallerOptions) {
    this.request = request;
    this.#identity = identity;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.address = address;
    this.transport = transport;
    this.since = clock.now();
  }

  /** By which administrators name it. Made when it is first asked for. */
  get id(): string {
    this.#id ??= newId('conn');
    return this.#id;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Throws `UNAUTHENTICATED` once its authority has ended. */
  get principal(): Principal {
    this.#expire();
    if (this.#ended !== undefined) throw this.#ended;
    return this.#identity.principal;
  }

  get hasEnded(): boolean {
    this.#expire();
    return this.#ended !== undefined;
  }

  /** Takes a newer token of the same principal: what is open goes on under it. Throws `NOT_ALLOWED` for another's. */
  renew(identity: Identity): void {
    const current = this.principal;
    if (ownerOf(identity.principal) !== ownerOf(current)) {
      throw new VerbatimError('NOT_ALLOWED', 'This token is of another principal. Open a connection of its own for it.');
    }
    this.#identity = identity;
    this.#lookAtHolds();
  }

  /** Sees that something ends when the caller's authority does. The returned function says that it has ended by itself. */
  hold(hold: Hold): () => void {
    this.#holds.add(hold);
    this.#index?.add(hold, this);
    return () => void this.#drop(hold);
  }

  /** Keeps what it holds in an index until the returned function is called. One at a time. */
  keepIn(index: HoldIndex): () => void {
    this.#index = index;
    for (const hold of this.#holds) index.add(hold, this);
    return () => {
      this.#index = undefined;
      for (const hold of this.#holds) index.delete(hold);
    };
  }

  /** Whether it watches this thread, or a run of it. */
  holds(thread: number): boolean {
    for (const hold of this.#holds) if (hold.thread === thread && hold.isReader === true) return true;
    return false;
  }

  end(error: VerbatimError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    const holds = [...this.#holds];
    for (const hold of holds) this.#drop(hold);
    for (const hold of holds) hold.fail(error);
    this.#onEnd?.(error);
  }

  /** Something may have changed: asks again who it is, and whether it may have what it holds. */
  lookAgain(): void {
    if (this.hasEnded) return;
    const { lookAgain, ...rest } = this.#identity;
    if (lookAgain !== undefined) {
      const principal = lookAgain();
      if (principal === undefined) return this.end(ended('was revoked'));
      this.#identity = { ...rest, principal, lookAgain };
    }
    this.#lookAtHolds();
  }

  #lookAtHolds(): void {
    for (const hold of this.#holds) if (hold.lookAgain !== undefined) void this.lookAt(hold);
  }

  /** Asks again whether it may have one of the things that it holds. */
  async lookAt(hold: Hold): Promise<void> {
    try {
      await hold.lookAgain?.();
    } catch (cause) {
      if (!this.#drop(hold)) return;
      hold.fail(
        cause instanceof VerbatimError ? cause : new VerbatimError('INTERNAL', 'Something went wrong inside the server.', { cause }),
      );
    }
  }

  #drop(hold: Hold): boolean {
    this.#index?.delete(hold);
    return this.#holds.delete(hold);
  }

  #expire(): void {
    const { expiresAt } = this.#identity.principal;
    if (expiresAt !== undefined && !(expiresAt > this.#clock.now())) this.end(ended('has expired'));
  }
}

function ended(how: string): VerbatimError {
  return new VerbatimError('UNAUTHENTICATED', `Your token ${how}. Connect again with a new one.`);
}
