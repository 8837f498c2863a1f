import type { UserMessage } from '../protocol/message.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/** A message of the user that the thread does not have yet. */
export interface PendingMessage {
  /** The same before and after the server has it: for React's `key`. */
  readonly key: string;
  readonly message: UserMessage;
  readonly status: 'sending' | 'failed';
  /** Of a failed one. */
  readonly error?: VerbatimError;
}

/** Own messages from when they are written until they are in the thread that is read. Each change makes a new list. */
export class PendingMessages {
  readonly #onChange: () => void;
  /** Of messages that were pending here: the key that they were first shown by. */
  readonly #keys = new Map<string, string>();
  #list: readonly PendingMessage[] = [];
  #count = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get list(): readonly PendingMessage[] {
    return this.#list;
  }

  keyOf(messageId: string): string {
    return this.#keys.get(messageId) ?? messageId;
  }

  /** Shows a message while it is being sent. What the sending resolves with says its id; the message stays until `forget` takes it. */
  async show<Sent extends { readonly messageId: string }>(
    text: string,
    agent: string | undefined,
    sending: () => Promise<Sent>,
  ): Promise<Sent> {
    const key = `pending_${++this.#count}`;
    const message: UserMessage = { id: key, role: 'user', text, status: 'queued', at: Date.now(), ...(agent !== undefined && { agent }) };
    this.#set([...this.#list, { key, message, status: 'sending' }]);
    try {
      const sent = await sending();
      this.#keys.set(sent.messageId, key);
      this.#set(this.#list.map((one) => (one.key === key ? { ...one, message: { ...message, id: sent.messageId } } : one)));
      return sent;
    } catch (cause) {
      const error = cause instanceof VerbatimError ? cause : new VerbatimError('INTERNAL', 'The message could not be sent.', { cause });
      this.#set(this.#list.map((one) => (one.key === key ? { ...one, status: 'failed', error } : one)));
      throw error;
    }
  }

  /** Takes one back that failed. */
  dismiss(key: string): void {
    this.#set(this.#list.filter((one) => one.key !== key));
  }

  #set(list: readonly PendingMessage[]): void {
    this.#list = list;
    this.#onChange();
  }
}
