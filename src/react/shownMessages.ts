import type { Message } from '../protocol/message.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import type { PendingMessages } from './pendingMessages.ts';

/** What a message has besides when it is shown. */
export interface Shown {
  /** For React's `key`: stays when an own message becomes a stored one. */
  readonly key: string;
  /** An own message that the server does not have yet, or that it refused. */
  readonly pending?: 'sending' | 'failed';
  readonly error?: VerbatimError;
}

/** The messages of a thread, and after them the own ones that are not in it yet. A message that did not change is the same object. */
export class ShownMessages {
  readonly #shown = new WeakMap<Message, Message & Shown>();
  #last:
    | { readonly messages: readonly Message[]; readonly pending: PendingMessages['list']; readonly shown: readonly (Message & Shown)[] }
    | undefined;

  of(messages: readonly Message[], pending: PendingMessages): readonly (Message & Shown)[] {
    if (this.#last?.messages === messages && this.#last.pending === pending.list) return this.#last.shown;
    const known = new Set(pending.list.length === 0 ? [] : messages.slice(-RECENT).map(({ id }) => id));
    const shown = messages.map((message) => this.#withKey(message, pending.keyOf(message.id)));
    for (const { key, message, status, error } of pending.list) {
      if (known.has(message.id)) continue;
      shown.push({ ...message, key, pending: status, ...(error !== undefined && { error }) });
    }
    this.#last = { messages, pending: pending.list, shown };
    return shown;
  }

  #withKey(message: Message, key: string): Message & Shown {
    const known = this.#shown.get(message);
    if (known?.key === key) return known;
    const shown = { ...message, key };
    this.#shown.set(message, shown);
    return shown;
  }
}

/** An own message is among the newest of the thread when it comes. */
const RECENT = 200;
