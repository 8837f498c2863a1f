import type { VerbatimError } from '../protocol/verbatimError.ts';

/** A request with one answer. */
export interface Call {
  readonly type: 'query' | 'mutation';
  readonly path: string;
  readonly input: unknown;
}

/** Who takes what a subscription delivers. After `end` nothing comes; after the subscription was stopped, nothing at all. */
export interface Subscriber {
  started?(): void;
  /** `id` is absent for data that was not tracked; `size` is about the characters it took on the wire. */
  next(id: string | undefined, data: unknown, size: number): void;
  /** Without an error the server ended it; `CONNECTION_LOST` when the connection did. */
  end(error?: VerbatimError): void;
}

/** One connection to the server, from its opening to its end. It never comes back: the next one is a new wire. */
export interface Wire {
  /** Rejects with `VerbatimError`; with `CONNECTION_LOST` when the wire ended before the answer, which may then be lost or not. */
  call(call: Call, signal: AbortSignal): Promise<unknown>;
  subscribe(path: string, input: unknown, subscriber: Subscriber): () => void;
  /**
   * Goes on with a newer token of the same principal, or by a cookie that is newer: what is open stays open, or is asked for again. Resolves with the
   * server's word on who that is. Rejects when it is not taken, and then goes on with the one it had.
   */
  renew(token: string | undefined, signal: AbortSignal): Promise<unknown>;
  /** Looks now whether the other side is still there. */
  probe(): void;
  close(): void;
}

export interface WireListener {
  /** It can be used from now on. */
  opened(): void;
  /** The server is there, as far as one can know. Called at least once before or at the first `proved`. */
  reached(): void;
  /** The server answered something other than a refusal. Called any number of times. */
  proved(): void;
  /** Called at most once, before the wire's calls and subscriptions fail. `code` is one of `CLOSE_CODES`, or a stranger. */
  ended(code: number, reason: string): void;
}

/** How wires are made. The only part of the client that knows tRPC lies behind it. */
export interface Transport {
  /** Begins to connect and returns at once. */
  open(token: string | undefined, listener: WireListener): Wire;
  /** Ends every wire; resolves when no socket is left. */
  close(): Promise<void>;
}
