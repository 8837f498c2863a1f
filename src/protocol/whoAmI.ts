/** Who the server takes the caller for, and how long. */
export interface WhoAmI {
  readonly principal: {
    readonly id: string;
    readonly roles: readonly string[];
    readonly tier?: string;
    readonly scopes?: readonly string[];
    readonly tenant?: string;
  };
  /** When its authority ends, in epoch milliseconds of the server's clock. Absent: not by time. */
  readonly expiresAt?: number;
  /** The same from now on: clocks need not agree. */
  readonly expiresInMs?: number;
}

/** Stands for its principal once, in `?ticket=` of a WebSocket, a stream or a download. */
export interface Ticket {
  readonly ticket: string;
  readonly expiresAt: number;
}

/** How one may become known here. */
export interface AuthMethods {
  /** Nobody is asked who they are. */
  readonly open: boolean;
  /** `auth.login`. */
  readonly password: boolean;
  /** A token or a key that one has from elsewhere. */
  readonly token: boolean;
  /** `POST /auth/cookie`. */
  readonly cookie: boolean;
}
