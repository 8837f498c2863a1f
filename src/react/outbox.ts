import type { ThreadState } from '../client/reducer.ts';
import type { Message, UserMessage } from '../protocol/message.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { asVerbatimError } from './asVerbatimError.ts';

/** Enough of a run that was sent to find its message in the thread. */
export interface Sent {
  readonly messageId: string;
  readonly receipt: { readonly seq: number };
}

/** A message of the user that the thread does not have yet. */
export interface OwnMessage {
  /** The same before and after the server has it: for React's `key`. */
  readonly key: string;
  readonly message: UserMessage;
  readonly status: 'sending' | 'failed';
  /** Of a failed one. */
  readonly error?: VerbatimError;
  /** Once it is durable: the thread has it when it is past this. */
  readonly seq?: number;
  /** What the thread had when it was sent. Absent when that is not known. */
  readonly before?: ReadonlySet<string>;
  /** Of one that was sent before a reload, instead: the last that the thread had, or nothing. */
  readonly after?: string;
  /** A stored message that came before the answer to the sending, and must be this one. */
  readonly seenAs?: string;
}

/** What is told of messages that must outlive the outbox, by their keys. */
export interface Keeper {
  /** There is nothing to keep: the server has it, or it was taken back. */
  remove(key: string): void;
  /** What it was refused for; undefined when it is sent again. */
  refuse(key: string, error: VerbatimError | undefined): void;
}

/** Own messages from when they are written until they are in the thread. */
export class Outbox<Run extends Sent> {
  readonly #onChange: () => void;
  readonly #keeper: Keeper | undefined;
  readonly #resend = new Map<string, () => Promise<Run>>();
  /** Of stored messages that were own ones here: the key that they were first shown by. */
  readonly #keys = new Map<string, string>();
  #list: readonly OwnMessage[] = [];

  constructor(onChange: () => void, keeper?: Keeper) {
    this.#onChange = onChange;
    this.#keeper = keeper;
  }

  /** Something in it is nowhere else: not answered yet, or refused. */
  get isNeeded(): boolean {
    return this.#list.some(({ seq }) => seq === undefined);
  }

  /** A new one after each change. Those that are seen in the thread already are in it until their sending is answered. */
  get list(): readonly OwnMessage[] {
    return this.#list;
  }

  keyOf(messageId: string): string {
    return this.#keys.get(messageId) ?? messageId;
  }

  /** Shows a message, and sends it. Rejects as the sending does: the message stays then, until `dismiss` or `resend`. */
  send(message: UserMessage, before: ReadonlySet<string> | undefined, sending: () => Promise<Run>): Promise<Run> {
    return this.#add({ key: message.id, message, status: 'sending', ...(before !== undefined && { before }) }, sending)();
  }

  /** Shows a message of before a reload. Without an error, the returned function sends it; otherwise `resend`. */
  restore(own: Omit<OwnMessage, 'status'>, sending: () => Promise<Run>): () => Promise<Run> {
    const attempt = this.#add({ ...own, status: own.error === undefined ? 'sending' : 'failed' }, sending);
    this.#onChange();
    return attempt;
  }

  #add(own: OwnMessage, sending: () => Promise<Run>): () => Promise<Run> {
    const { key } = own;
    const attempt = async (): Promise<Run> => {
      this.#change(key, ({ error: _, ...own }) => ({ ...own, status: 'sending' }));
      try {
        const run = await sending();
        this.#resend.delete(key);
        this.#sent(key, run);
        return run;
      } catch (cause) {
        this.#failed(key, asVerbatimError(cause));
        throw cause;
      }
    };
    this.#resend.set(key, attempt);
    this.#list = [...this.#list, own];
    return attempt;
  }

  /** Sends one again that failed. What has come to the server all the same is not there twice. */
  resend(key: string): Promise<Run> {
    const again = this.#list.some((own) => own.key === key && own.status === 'failed') ? this.#resend.get(key) : undefined;
    if (again !== undefined) this.#keeper?.refuse(key, undefined);
    return again?.() ?? Promise.reject(new VerbatimError('BAD_INPUT', 'There is no message with this key that failed.'));
  }

  /** Takes back one that failed. */
  dismiss(key: string): void {
    this.#drop(key);
  }

  /** Lets go of what the thread has. */
  settle({ seq, messages }: ThreadState): void {
    for (const own of this.#list) {
      if (own.seq !== undefined) {
        if (seq > own.seq) this.#list = without(this.#list, own.key);
      } else if (own.seenAs === undefined && mayBeStored(own)) {
        const before = own.before ?? (own.after === undefined ? undefined : upTo(own.after, messages));
        if (before !== undefined) this.#see(own, before, messages);
      }
    }
  }

  /** The event of a message may be here before the answer to its sending is: what is the same, and new, is it. */
  #see(own: OwnMessage, before: ReadonlySet<string>, messages: readonly Message[]): void {
    const stored = messages.find(
      ({ id, role, text }) => role === 'user' && text === own.message.text && !before.has(id) && !this.#keys.has(id),
    );
    if (stored === undefined) return;
    this.#keys.set(stored.id, own.key);
    if (own.status === 'failed') {
      this.#list = without(this.#list, own.key);
      this.#keeper?.remove(own.key);
    } else this.#list = this.#list.map((one) => (one === own ? { ...own, seenAs: stored.id } : one));
  }

  #sent(key: string, { messageId, receipt }: Sent): void {
    this.#keeper?.remove(key);
    const own = this.#list.find((one) => one.key === key);
    if (own?.seenAs !== undefined) this.#keys.delete(own.seenAs);
    this.#keys.set(messageId, key);
    this.#change(key, ({ seenAs: _, ...one }) => ({ ...one, message: { ...one.message, id: messageId }, seq: receipt.seq }));
  }

  #failed(key: string, error: VerbatimError): void {
    const own = this.#list.find((one) => one.key === key);
    if (own?.seenAs !== undefined) {
      // It is stored, and only the answer was lost.
      if (isUnsure(error)) return this.#drop(key);
      this.#keys.delete(own.seenAs);
    }
    this.#keeper?.refuse(key, error);
    this.#change(key, ({ seenAs: _, ...one }) => ({ ...one, status: 'failed', error }));
  }

  #drop(key: string): void {
    this.#resend.delete(key);
    this.#keeper?.remove(key);
    this.#list = without(this.#list, key);
    this.#onChange();
  }

  #change(key: string, change: (own: OwnMessage) => OwnMessage): void {
    this.#list = this.#list.map((own) => (own.key === key ? change(own) : own));
    this.#onChange();
  }
}

const without = (list: readonly OwnMessage[], key: string): readonly OwnMessage[] => list.filter((own) => own.key !== key);

function upTo(last: string, messages: readonly Message[]): ReadonlySet<string> {
  const ids = messages.map(({ id }) => id);
  return new Set(ids.slice(0, ids.indexOf(last) + 1));
}

const mayBeStored = ({ error }: OwnMessage): boolean => error === undefined || isUnsure(error);

/** Whether the server has it is not known. */
const isUnsure = ({ code }: VerbatimError): boolean => code === 'CONNECTION_LOST' || code === 'TIMEOUT' || code === 'CANCELLED';
