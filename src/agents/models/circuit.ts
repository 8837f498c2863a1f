import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  handleWhen,
  type IBackoff,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel';
import type { Clock } from '../../protocol/clock.ts';
import type { ModelObserver } from '../../protocol/observer.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';

export interface CircuitOptions {
  /** What is called, for people. */
  readonly what: string;
  readonly maxFailures: number;
  readonly probeAfterMs: number;
  readonly clock: Clock;
}

/** An attempt that its caller gave up: it says nothing about the service. */
class GivenUp extends Error {}

/**
 * Stops asking a service that has failed so many times in a row. After a while one attempt is let through: if it goes well everyone may ask
 * again, else it is left alone for as long again. Meanwhile attempts are refused at once, with `MODEL_UNAVAILABLE`.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  readonly #policy: CircuitBreakerPolicy;
  #failures = 0;
  #openedAt = 0;

  constructor(options: CircuitOptions) {
    this.#options = options;
    const isHalfOpen = (): boolean => this.#policy.state === CircuitState.HalfOpen;
    this.#policy = circuitBreaker(
      // A probe that was given up must not close the circuit, as what is not a failure does: it opens again, to be probed by the next.
      handleWhen((error) => isOutage(error) || (error instanceof GivenUp && isHalfOpen())),
      {
        halfOpenAfter: { next: (opened) => this.#backoff(opened) },
        breaker: {
          state: undefined,
          // A stream that begins may still break: its end is what counts.
          success: () => {},
          failure: () => ++this.#failures >= options.maxFailures,
        },
      },
    );
    this.#policy.onReset(() => {
      this.#failures = 0;
    });
  }

  /** Nothing is asked at the moment, a probe aside. */
  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  async attempt<T>(work: () => Promise<T>, caller: AbortSignal, observer?: ModelObserver): Promise<T> {
    if (this.#policy.state === CircuitState.HalfOpen) throw this.#refusal();
    const wasOpen = this.isOpen;
    try {
      return await this.#policy.execute(async () => {
        try {
          return await work();
        } catch (cause) {
          throw caller.aborted ? new GivenUp() : cause;
        }
      });
    } catch (cause) {
      if (cause instanceof BrokenCircuitError) throw this.#refusal();
      caller.throwIfAborted();
      throw cause;
    } finally {
      this.#tell(wasOpen, observer);
    }
  }

  /** What had begun has come to its end. */
  succeeded(): void {
    if (!this.isOpen) this.#failures = 0;
  }

  /** What had begun broke. */
  async failed(failure: VerbatimError, observer?: ModelObserver): Promise<void> {
    // One of long ago must not pass for the probe.
    if (this.isOpen) return;
    await this.#policy.execute(() => Promise.reject(failure)).catch(() => {});
    this.#tell(false, observer);
  }

  #tell(wasOpen: boolean, observer: ModelObserver | undefined): void {
    if (this.isOpen !== wasOpen) observer?.circuit(this.#options.what, this.isOpen);
  }

  /** cockatiel looks at the duration each time it is asked, and measures by the system's clock: ours says only whether it is time. */
  #backoff({ result }: IHalfOpenAfterBackoffContext): IBackoff<IHalfOpenAfterBackoffContext> {
    this.#openedAt = this.#options.clock.now();
    const waitMs = (): number => this.#waitMs;
    const givenUp = 'error' in result && result.error instanceof GivenUp;
    return {
      get duration() {
        return givenUp || waitMs() === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      },
      next: (opened) => this.#backoff(opened),
    };
  }

  /** Until the next probe. A clock that was set back must not keep the circuit open. */
  get #waitMs(): number {
    const { clock, probeAfterMs } = this.#options;
    const passedMs = clock.now() - this.#openedAt;
    return passedMs < 0 ? 0 : Math.max(0, probeAfterMs - passedMs);
  }

  #refusal(): VerbatimError {
    const message = `${this.#options.what} failed too often in a row and is not asked for now. Try again later.`;
    return new VerbatimError('MODEL_UNAVAILABLE', message, { details: { retryAfterMs: this.#waitMs } });
  }
}

/** A service that is not well, as opposed to one that is asked too much, or asked for what it does not do. */
function isOutage(error: unknown): boolean {
  return error instanceof VerbatimError && error.retryable && error.code !== 'MODEL_RATE_LIMITED';
}
