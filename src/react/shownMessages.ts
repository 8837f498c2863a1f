import type { Message } from '../protocol/message.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import type { Outbox, OwnMessage } from './outbox.ts';

/** What a message has besides when it is shown. */
export interface Shown {
  /** For React's `key`: stays when an own message becomes a stored one. */
  readonly key: string;
  /** An own message that the server does not have yet, or that it refused. */
  readonly pending?: 'sending' | 'failed';
  /** Why it was refused. */
  readonly error?: VerbatimError;
}

export type ShownMessage = Message & Shown;

/**
 * The messages of a thread, and after them the own ones that are not in it yet; withdrawn ones are left out. The same list, and the same
 * object for a message, as long as nothing changed.
 */
export class ShownMessages {
  readonly #shown = new WeakMap<Message, ShownMessage>();
  readonly #own = new WeakMap<OwnMessage, ShownMessage>();
  #parts: readonly unknown[] = [];
  #list: readonly ShownMessage[] = [];

  of(earlier: readonly Message[], messages: readonly Message[], outbox: Pick<Outbox<never>, 'list' | 'keyOf'>): readonly ShownMessage[] {
    const parts = [earlier, messages, outbox.list];
    if (parts.every((part, i) => part === this.#parts[i])) return this.#list;
    const list: ShownMessage[] = [];
    for (const part of [earlier, messages]) {
      for (const message of part) if (message.status !== 'discarded') list.push(this.#withKey(message, outbox.keyOf(message.id)));
    }
    for (const own of outbox.list) if (own.seenAs === undefined) list.push(this.#ofOwn(own));
    this.#parts = parts;
    this.#list = list;
    return list;
  }

  #withKey(message: Message, key: string): ShownMessage {
    const known = this.#shown.get(message);
    if (known?.key === key) return known;
    const shown = { ...message, key };
    this.#shown.set(message, shown);
    return shown;
  }

  #ofOwn(own: OwnMessage): ShownMessage {
    const known = this.#own.get(own);
    if (known !== undefined) return known;
    const { key, message, status, error } = own;
    const shown = { ...message, key, pending: status, ...(error !== undefined && { error }) };
    this.#own.set(own, shown);
    return shown;
  }
}
