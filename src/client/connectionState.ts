import type { VerbatimError } from '../protocol/verbatimError.ts';

/**
 * `idle`: nothing is open, because nothing is asked for. `connecting`: an attempt is under way. `online`: the server is there.
 * `offline`: the last attempt failed and another follows at `nextAttemptAt`. `closed`: for good, because of `reason`.
 *
 *     idle -> connecting     something is asked for
 *     connecting -> online   the server is reached
 *     connecting, online -> offline   lost, and something is still asked for
 *     offline -> connecting  at `nextAttemptAt`, or when the network or the page comes back
 *     connecting, online, offline -> idle   lost, asleep or waiting, and nothing is asked for
 *     any -> closed          `close()`, or the server said something final
 */
export type ConnectionState =
  | { readonly status: 'idle' | 'connecting'; readonly reason?: VerbatimError }
  | { readonly status: 'online' }
  | { readonly status: 'offline'; readonly reason: VerbatimError /** Epoch milliseconds. */; readonly nextAttemptAt: number }
  | { readonly status: 'closed'; readonly reason: VerbatimError };

/** Fits `useSyncExternalStore`: `state` is a new object exactly when something changed. */
export interface ConnectionStatus {
  readonly state: ConnectionState;
  /** Calls `listener` after each change; the returned function takes it back. */
  subscribe(listener: (state: ConnectionState) => void): () => void;
}
