import type { NewNotice, NoticeTo } from './live/notices.ts';

export interface ListenOptions {
  /** Default 3000; 0 takes a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. Without authentication nothing but loopback is taken. */
  readonly host?: string;
}

/** What a server holds at this moment: all zero when nothing runs and nobody is connected. */
export interface ServerStats {
  readonly connections: number;
  readonly watches: number;
  readonly listeners: number;
  readonly activeRuns: number;
  readonly heldLogs: number;
  readonly bufferedBytes: number;
}

export interface VerbatimServer {
  /** Resolves when connections are accepted. */
  listen(options?: ListenOptions): Promise<{ readonly url: string; readonly port: number }>;
  readonly stats: ServerStats;
  /** Reads the certificate of `tls` again: connections go on, new ones get it. Throws `CONFIG_INVALID`, and the one before it stays. */
  reloadCertificate(): void;
  /**
   * Folds the events of runs that ended longer ago than this (default 30 days) into their messages; returns how many threads changed. Readers
   * further behind get a snapshot. It is also done by itself, once an hour: see `retention`.
   */
  fold(options?: { readonly olderThanDays?: number }): Promise<number>;
  /**
   * Tells those who are there now: everybody who watches notices, or those of them whom `to` names. Kept nowhere, and in no thread's log. Resolves
   * with the number of subscriptions that it was handed to.
   */
  broadcast(notice: NewNotice, options?: { readonly to?: NoticeTo }): Promise<number>;
  /**
   * Takes nothing new, lets runs finish for `drainMs` (default: the limit), leaves the others open for the next start, closes every socket
   * with 1001 and the database with everything in it. May be called again.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @internal */
export interface InternalServer extends VerbatimServer {
  /** Closes as a crash would: whatever is not in the database by now never gets there, and runs keep the leases of this server. */
  crash(): Promise<void>;
}
