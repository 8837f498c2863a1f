import { type Clock, systemClock } from '../../protocol/clock.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';

/** Longer than any timer can be set: no limit. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Ends one attempt: when the caller aborts, or when what it waits for does not come. `signal` goes to the request; its reason says which of
 * them it was. `stop` frees the timer and the listener, and ends the request if it still runs.
 */
export class Watchdog {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  readonly #clock: Clock;
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#caller.reason);
  #stopTimer = (): void => {};

  constructor(caller: AbortSignal, clock: Clock = systemClock) {
    this.#caller = caller;
    this.#clock = clock;
    if (caller.aborted) this.#onCallerAbort();
    else caller.addEventListener('abort', this.#onCallerAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on the provider has `ms` to be heard of. Time in which nobody waits for it does not count: see `rest`. */
  expect(ms: number, message = 'The model fell silent.'): void {
    this.rest();
    if (ms > MAX_TIMER_MS) return;
    this.#stopTimer = this.#clock.after(ms, () => this.#controller.abort(new VerbatimError('MODEL_TIMEOUT', message)));
  }

  rest(): void {
    this.#stopTimer();
  }

  stop(): void {
    this.rest();
    this.#caller.removeEventListener('abort', this.#onCallerAbort);
    this.#controller.abort();
  }
}
