import { ConstantBackoff, handleWhen, retry } from 'cockatiel';
import { type Clock, systemClock } from '../../protocol/clock.ts';
import type { ModelObserver } from '../../protocol/observer.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { abortable } from './abortable.ts';
import { Bulkhead } from './bulkhead.ts';
import { Circuit } from './circuit.ts';
import { retryDelay } from './retryDelay.ts';
import { Watchdog } from './watchdog.ts';

/** Any of them is switched off by `Infinity`, retries by 0. */
export const RESILIENCE_DEFAULTS = {
  /** Attempts after the first one. Only before anything of the answer came, and only for what may pass. */
  maxRetries: 3,
  /** Before the second attempt; twice as long before each one after, with jitter on top, up to the longest. */
  firstRetryDelayMs: 1_000,
  maxRetryDelayMs: 10_000,
  /** `Retry-After` is honoured. A provider that asks for a longer wait than this is not asked again. */
  maxRetryAfterMs: 30_000,
  /** After so many failed attempts in a row the provider is left alone: calls fail at once with `MODEL_UNAVAILABLE`. */
  maxFailures: 5,
  /** How long it is left alone before one call is let through, to see. */
  probeAfterMs: 60_000,
  /** Calls under way at once. */
  maxConcurrentCalls: 1_000,
  /** Calls that wait for others to end. More fail at once with `MODEL_RATE_LIMITED`. */
  maxQueuedCalls: 5_000,
  /** From the request to the first sign of an answer, for each attempt. */
  firstByteTimeoutMs: 30_000,
  /** Between one piece of the answer and the next. */
  idleTimeoutMs: 60_000,
  /** The whole call, with its wait for others, all its attempts, and the time the reader takes. */
  callTimeoutMs: 10 * 60_000,
} as const;

export type ResilienceLimits = Readonly<Record<keyof typeof RESILIENCE_DEFAULTS, number>>;

export interface ResilienceOptions extends Partial<ResilienceLimits> {
  /** For tests: time to be moved by hand. */
  readonly clock?: Clock | undefined;
  /** 0 to 1, for the jitter between attempts. */
  readonly random?: (() => number) | undefined;
}

/** What all calls of one service share: its circuit and its room. Nothing is kept of a call that has ended. */
export class Resilience {
  readonly limits: ResilienceLimits;
  readonly clock: Clock;
  readonly #what: string;
  readonly #random: () => number;
  readonly #circuit: Circuit;
  readonly #bulkhead: Bulkhead;

  /** `what` is what is called, for people, such as `The model "gpt-5-mini"`. Throws `CONFIG_INVALID` for a limit that is none. */
  constructor(what: string, options: ResilienceOptions) {
    const limits = limitsOf(what, options);
    const { clock = systemClock, random = Math.random } = options;
    this.limits = limits;
    this.clock = clock;
    this.#what = what;
    this.#random = random;
    this.#circuit = new Circuit({ what, maxFailures: limits.maxFailures, probeAfterMs: limits.probeAfterMs, clock });
    this.#bulkhead = new Bulkhead({ maxInside: limits.maxConcurrentCalls, maxWaiting: limits.maxQueuedCalls });
  }

  /**
   * Resolves when there is room for one more call, whose time runs from now. Rejects with the caller's reason when that aborts, with
   * `MODEL_RATE_LIMITED` when too many wait, and with `MODEL_TIMEOUT`.
   */
  async enter(caller: AbortSignal, observer?: ModelObserver): Promise<Call> {
    caller.throwIfAborted();
    const time = new Watchdog(caller, this.clock);
    time.expect(this.limits.callTimeoutMs, 'The model took too long to answer.');
    const endsAt = this.clock.now() + this.limits.callTimeoutMs;
    try {
      const leave = await this.#bulkhead.enter(time.signal);
      if (leave === undefined) {
        const { maxConcurrentCalls, maxQueuedCalls } = this.limits;
        const message = `${this.#what} is busy: ${maxConcurrentCalls} calls are under way and ${maxQueuedCalls} wait. Try again later.`;
        throw new VerbatimError('MODEL_RATE_LIMITED', message);
      }
      return this.#call(caller, time, { leave, endsAt, observer });
    } catch (cause) {
      time.stop();
      throw cause;
    }
  }

  /**
   * Makes a call whose answer comes whole. Each attempt has `firstByteTimeoutMs`, and more where it tells its watchdog so; `failureOf` says
   * what it means when one throws.
   */
  async whole<T>(
    caller: AbortSignal,
    attempt: (watchdog: Watchdog) => PromiseLike<T>,
    failureOf: (cause: unknown) => VerbatimError = asModelFailure,
  ): Promise<T> {
    const call = await this.enter(caller);
    try {
      const answer = await call.begin(async () => {
        const watchdog = new Watchdog(call.signal, this.clock);
        try {
          watchdog.expect(this.limits.firstByteTimeoutMs);
          return await abortable(attempt(watchdog), watchdog.signal);
        } catch (cause) {
          throw watchdog.signal.aborted ? watchdog.signal.reason : failureOf(cause);
        } finally {
          watchdog.stop();
        }
      });
      call.succeeded();
      return answer;
    } finally {
      call.end();
    }
  }

  #call(
    caller: AbortSignal,
    time: Watchdog,
    { leave, endsAt, observer }: { readonly leave: () => void; readonly endsAt: number; readonly observer: ModelObserver | undefined },
  ): Call {
    const { limits, clock } = this;
    const circuit = this.#circuit;
    const what = this.#what;
    const delayOf = (failure: VerbatimError, attempt: number): number | undefined => {
      if (circuit.isOpen) return undefined;
      const delayMs = retryDelay(failure, attempt, { ...limits, random: this.#random });
      return delayMs === undefined || clock.now() + delayMs >= endsAt ? undefined : delayMs;
    };
    return {
      signal: time.signal,
      async begin(attempt) {
        let delayMs: number | undefined;
        let attempts = 0;
        // cockatiel waits between attempts by the system's clock and whatever is aborted: so it waits for nothing, and we do.
        const policy = retry(
          handleWhen(() => delayMs !== undefined),
          { maxAttempts: limits.maxRetries, backoff: new ConstantBackoff(0) },
        );
        return policy.execute(async () => {
          if (delayMs !== undefined) await delay(delayMs, clock, time.signal);
          try {
            return await circuit.attempt(() => attempt(), caller, observer);
          } catch (cause) {
            time.signal.throwIfAborted();
            const failure = asModelFailure(cause);
            delayMs = delayOf(failure, attempts++);
            if (delayMs !== undefined && attempts <= limits.maxRetries) observer?.retried(what, failure.code);
            throw failure;
          }
        }, time.signal);
      },
      succeeded: () => circuit.succeeded(),
      async failed(cause) {
        caller.throwIfAborted();
        const failure = asModelFailure(time.signal.aborted ? time.signal.reason : cause);
        await circuit.failed(failure, observer);
        throw failure;
      },
      end() {
        time.stop();
        leave();
      },
    };
  }
}

/** One call from its start to its end. `end` must be called, once it has come to whatever end. */
export interface Call {
  /** Aborts when the caller does, or when the call's time is up. */
  readonly signal: AbortSignal;
  /** Attempts until one goes well. What has begun then is for the caller to finish. */
  begin<T>(attempt: () => Promise<T>): Promise<T>;
  succeeded(): void;
  /** Something that had begun broke: it counts against the provider. Throws what the caller is to be told. */
  failed(cause: unknown): Promise<never>;
  end(): void;
}

/** A model's failures are typed; what is not, is of unknown cause. */
export function asModelFailure(cause: unknown): VerbatimError {
  return cause instanceof VerbatimError ? cause : new VerbatimError('MODEL_FAILED', 'The model call failed.', { cause });
}

/** Resolves after `delayMs`, or rejects with the signal's reason at once when that aborts; nothing is left behind. */
function delay(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      stop();
      reject(signal.reason);
    };
    const stop = clock.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function limitsOf(what: string, options: ResilienceOptions): ResilienceLimits {
  const limits: Record<keyof ResilienceLimits, number> = { ...RESILIENCE_DEFAULTS };
  for (const name of Object.keys(RESILIENCE_DEFAULTS) as (keyof ResilienceLimits)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (!(value >= 0)) throw new VerbatimError('CONFIG_INVALID', `${what}: ${name} must be a number of 0 or more.`);
    limits[name] = value;
  }
  return limits;
}
