import type { Clock } from '../protocol/clock.ts';
import { afterClose, CLOSE_CODES } from '../protocol/closeCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { backoffMs } from './backoff.ts';
import { closeError } from './closeError.ts';
import type { ConnectionState, ConnectionStatus } from './connectionState.ts';
import { Listeners } from './listeners.ts';
import { onWake } from './onWake.ts';
import { Renewal } from './renewal.ts';
import type { Transport, Wire } from './transport.ts';

export type TokenSource =
  | string
  | ((request: {
      /** The last token was refused, or is about to expire: another is needed. */
      readonly refresh: boolean;
    }) => string | undefined | Promise<string | undefined>);

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly token: TokenSource | undefined;
  readonly clock: Clock;
  /** For what nobody waits for: its timers do not keep the process alive. */
  readonly backgroundClock: Clock;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly connectTimeoutMs: number;
}

interface Waiter {
  resolve(wire: Wire): void;
  reject(error: VerbatimError): void;
}

/**
 * Keeps one wire to the server while anything is asked for, and says how that stands (`ConnectionState` has the transitions).
 * Owns reconnecting, the token and the end; what travels on the wire is its users' business, who ask again on the next one.
 */
export class Connection implements ConnectionStatus {
  readonly #options: ConnectionOptions;
  readonly #listeners = new Listeners<ConnectionState>();
  readonly #waiters = new Set<Waiter>();
  readonly #stopListening: () => void;
  /** A token that is no function cannot be renewed. */
  readonly #renewal: Renewal | undefined;
  #state: ConnectionState = { status: 'idle' };
  /** Counts attempts, so that what an earlier one still has to say is not heard. */
  #attemptId = 0;
  #wire: Wire | undefined;
  #usable = false;
  /** The wire has carried an answer. */
  #proven = false;
  #holds = 0;
  /** Attempts that failed since a wire last proved itself. */
  #failures = 0;
  #refreshed = false;
  #askRefresh = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#stopListening = onWake(() => this.#wake());
    const { token, random, backgroundClock: clock } = options;
    if (typeof token === 'function') {
      this.#renewal = new Renewal({ newToken: async () => token({ refresh: true }), clock, random, isWanted: () => this.#holds > 0 });
    }
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** There is a wire: a call that waits now waits for its answer. */
  get isUsable(): boolean {
    return this.#usable;
  }

  subscribe(listener: (state: ConnectionState) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Says that something is asked for, until the returned function is called: a connection that is lost comes back only then. */
  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds === 0 && this.#state.status === 'offline') this.#sleep(this.#state.reason);
    };
  }

  /** A usable wire, as soon as there is one. Rejects with the reason once the connection is closed, or with the signal's when that aborts. */
  ready(signal: AbortSignal): Promise<Wire> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#state.status === 'closed') return Promise.reject(this.#state.reason);
    if (this.#wire !== undefined && this.#usable) return Promise.resolve(this.#wire);
    return new Promise<Wire>((resolve, reject) => {
      const done = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', abort);
      };
      const abort = () => {
        done();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        resolve: (wire) => {
          done();
          resolve(wire);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', abort, { once: true });
      if (this.#state.status === 'idle') void this.#connect();
    });
  }

  /** Ends it for good: all that is pending and all that comes later rejects with `reason`. Resolves when no socket is left. */
  async stop(reason: VerbatimError): Promise<void> {
    if (this.#state.status !== 'closed') {
      this.#attemptId += 1;
      this.#stopListening();
      this.#renewal?.end();
      this.#clearTimer();
      this.#setState({ status: 'closed', reason });
      for (const waiter of [...this.#waiters]) waiter.reject(reason);
    }
    await this.#options.transport.close();
  }

  async #connect(): Promise<void> {
    const { clock, connectTimeoutMs, transport } = this.#options;
    const attemptId = ++this.#attemptId;
    this.#proven = false;
    this.#clearTimer();
    this.#setState('reason' in this.#state ? { status: 'connecting', reason: this.#state.reason } : { status: 'connecting' });
    this.#cancelTimer = clock.after(connectTimeoutMs, () => this.#ended(attemptId, CLOSE_CODES.ABNORMAL, 'no answer in time'));
    const refreshing = this.#askRefresh;
    try {
      const token = await this.#askToken(refreshing);
      if (attemptId !== this.#attemptId) return;
      this.#askRefresh = false;
      this.#wire = transport.open(token, {
        opened: () => this.#opened(attemptId),
        reached: () => this.#reached(attemptId),
        proved: () => this.#proved(attemptId),
        ended: (code, reason) => this.#ended(attemptId, code, reason),
      });
    } catch (cause) {
      if (attemptId !== this.#attemptId) return;
      if (cause instanceof VerbatimError && !cause.retryable) void this.stop(cause);
      else if (refreshing) void this.stop(new VerbatimError('UNAUTHENTICATED', 'There is no new token', { cause }));
      else
        this.#failed(
          cause instanceof VerbatimError
            ? cause
            : new VerbatimError('CONNECTION_LOST', 'There is no token, or no way to connect', { cause }),
        );
    }
  }

  async #askToken(refresh: boolean): Promise<string | undefined> {
    const { token } = this.#options;
    return typeof token === 'function' ? await token({ refresh }) : token;
  }

  #opened(attemptId: number): void {
    if (attemptId !== this.#attemptId || this.#wire === undefined) return;
    this.#clearTimer();
    this.#usable = true;
    for (const waiter of [...this.#waiters]) waiter.resolve(this.#wire);
  }

  #reached(attemptId: number): void {
    if (attemptId !== this.#attemptId || this.#state.status === 'online') return;
    if (this.#wire !== undefined) this.#renewal?.begin(this.#wire);
    this.#setState({ status: 'online' });
  }

  #proved(attemptId: number): void {
    if (attemptId !== this.#attemptId) return;
    this.#proven = true;
    this.#failures = 0;
    this.#refreshed = false;
  }

  #ended(attemptId: number, code: number, reason: string): void {
    if (attemptId !== this.#attemptId) return;
    // Whatever else this attempt reports is of the past. A wire that is still opening is told so.
    this.#attemptId += 1;
    this.#renewal?.end();
    const wire = this.#wire;
    this.#wire = undefined;
    const wasOpening = !this.#usable;
    this.#usable = false;
    if (wasOpening) wire?.close();

    const error = closeError(code, reason, this.#state.status === 'online');
    switch (afterClose(code)) {
      case 'stop':
        if (code === CLOSE_CODES.UNAUTHENTICATED && typeof this.#options.token === 'function' && !this.#refreshed) {
          this.#refreshed = true;
          this.#askRefresh = true;
          this.#sleep(error);
        } else void this.stop(error);
        return;
      case 'sleep':
        // What was asked for while the close was on its way ends the sleep; but a server that takes every connection for idle is not stormed.
        if (this.#proven || this.#holds === 0) this.#sleep(error);
        else this.#failed(error);
        return;
      case 'retry':
        this.#failed(error);
    }
  }

  #failed(reason: VerbatimError): void {
    const { clock, random } = this.#options;
    this.#attemptId += 1;
    this.#clearTimer();
    const delayMs = backoffMs(this.#failures, random);
    this.#failures += 1;
    if (this.#holds === 0) {
      this.#sleep(reason);
      return;
    }
    this.#cancelTimer = clock.after(delayMs, () => void this.#connect());
    this.#setState({ status: 'offline', reason, nextAttemptAt: clock.now() + delayMs });
  }

  #sleep(reason: VerbatimError): void {
    this.#clearTimer();
    this.#setState({ status: 'idle', reason });
  }

  /** The network or the page came back: no reason to wait, and every reason to look whether an open socket still lives. */
  #wake(): void {
    if (this.#state.status === 'offline') void this.#connect();
    else this.#wire?.probe();
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#listeners.tell(state);
  }
}
