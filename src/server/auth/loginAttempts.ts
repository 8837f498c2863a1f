/** A login that somebody tries. */
export interface LoginAttempt {
  /** As it is stored; undefined for what can be no name. */
  readonly name: string | undefined;
  readonly address: string;
}

/** The bound to how often somebody may be wrong. */
export interface LoginAttempts {
  /** Called before a password is looked at. Throws `RATE_LIMITED` when there were too many failures. */
  begin(attempt: LoginAttempt): void | Promise<void>;
  failed(attempt: LoginAttempt): void | Promise<void>;
}

export const unlimitedAttempts: LoginAttempts = { begin: () => {}, failed: () => {} };
