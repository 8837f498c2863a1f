import { Listeners } from './listeners.ts';

/** A call that the server has put off: the SDK asks it again by itself, at `until`. */
export interface WaitingCall {
  /** Such as `messages.send`. */
  readonly path: string;
  /** Of a command, as it was given or made: which of several it is. */
  readonly idempotencyKey?: string;
  /** What it waits for, such as `messagesPerMinute`. */
  readonly limit: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Fits `useSyncExternalStore`: `state` is a new list exactly when something changed. Empty when nothing waits. */
export interface WaitStatus {
  readonly state: readonly WaitingCall[];
  /** Calls `listener` after each change; the returned function takes it back. */
  subscribe(listener: (state: readonly WaitingCall[]) => void): () => void;
}

export class Waits implements WaitStatus {
  readonly #listeners = new Listeners<readonly WaitingCall[]>();
  #state: readonly WaitingCall[] = [];

  get state(): readonly WaitingCall[] {
    return this.#state;
  }

  subscribe(listener: (state: readonly WaitingCall[]) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The returned function says that it waits no more. */
  add(call: WaitingCall): () => void {
    this.#set([...this.#state, call]);
    return () => this.#set(this.#state.filter((other) => other !== call));
  }

  #set(state: readonly WaitingCall[]): void {
    this.#state = state;
    this.#listeners.tell(state);
  }
}
