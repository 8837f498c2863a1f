import { VerbatimError } from '../../protocol/verbatimError.ts';

/**
 * Ends one attempt at a model call: when the caller aborts, when what it waits for does not come, or when the call's whole time is up.
 * `signal` goes to the request; its reason says which of them it was. `stop` frees the timers and the listener, and ends the request
 * if it still runs.
 */
export class Watchdog {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#caller.reason);
  readonly #wholeCall: NodeJS.Timeout;
  #wait: NodeJS.Timeout | undefined;

  constructor(caller: AbortSignal, wholeCallMs: number) {
    this.#caller = caller;
    caller.addEventListener('abort', this.#onCallerAbort, { once: true });
    this.#wholeCall = setTimeout(() => this.#timeUp('The model took too long to answer.'), wholeCallMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on the provider has `ms` to be heard of. Time in which nobody waits for it does not count: see `rest`. */
  expect(ms: number): void {
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => this.#timeUp('The model fell silent.'), ms);
  }

  rest(): void {
    clearTimeout(this.#wait);
  }

  stop(): void {
    this.rest();
    clearTimeout(this.#wholeCall);
    this.#caller.removeEventListener('abort', this.#onCallerAbort);
    this.#controller.abort();
  }

  #timeUp(message: string): void {
    this.#controller.abort(new VerbatimError('MODEL_TIMEOUT', message));
  }
}
