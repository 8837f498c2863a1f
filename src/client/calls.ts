import type { Clock } from '../protocol/clock.ts';
import type { ErrorCode } from '../protocol/errorCodes.ts';
import { limitDetailsOf } from '../protocol/limitError.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { backoffMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import { newKey } from './newKey.ts';
import { pause } from './pause.ts';
import type { Call } from './transport.ts';
import type { Waits } from './waits.ts';

export interface CallOptions {
  /** Gives up waiting: the promise rejects with `CANCELLED`. What was asked may have happened all the same. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to try, reconnecting and the waits of a limit included; then `CONNECTION_LOST` while there is no connection, else `TIMEOUT`. A command may have been
   * carried out all the same: the same call with the same `idempotencyKey` finds out. A limit that lasts longer is `RATE_LIMITED` at once. Default: the client's `timeoutMs`, 60,000.
   */
  readonly timeoutMs?: number | undefined;
}

/** How much later than it may a call that a limit put off is asked again. */
const MAX_LATENESS_MS = 250;

/** Answers after which the same call is asked again by itself: the server did nothing, and will soon be there. */
const ASK_AGAIN: ReadonlySet<ErrorCode> = new Set(['CONNECTION_LOST', 'SHUTTING_DOWN', 'SERVER_FULL', 'AUTH_UNAVAILABLE']);

/** Calls with one answer. A lost one is asked again, on the next wire; a command only if it has a key, which makes that harmless. */
export class Calls {
  readonly #connection: Connection;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #timeoutMs: number;
  readonly #waits: Waits;

  constructor(connection: Connection, options: { address: string; clock: Clock; random: () => number; timeoutMs: number; waits: Waits }) {
    this.#connection = connection;
    this.#address = options.address;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#timeoutMs = options.timeoutMs;
    this.#waits = options.waits;
  }

  query(path: string, input: unknown, options?: CallOptions): Promise<unknown> {
    return this.ask({ type: 'query', path, input }, options);
  }

  /** Gives the command a key unless it has one. */
  command(path: string, input: object, options?: CallOptions): Promise<unknown> {
    return this.ask({ type: 'mutation', path, input: hasKey(input) ? input : { ...input, idempotencyKey: newKey() } }, options);
  }

  ask(call: Call, { signal, timeoutMs = this.#timeoutMs }: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const release = this.#connection.hold();
      const ended = new AbortController();
      const fail = (error: unknown) => {
        finish();
        reject(error);
        ended.abort(error);
      };
      const onAbort = () => fail(new VerbatimError('CANCELLED', `${call.path} was given up by its caller`, { cause: signal?.reason }));
      const cancelTimer = this.#clock.after(timeoutMs, () => fail(this.#tooLate(call, timeoutMs)));
      const finish = () => {
        cancelTimer();
        signal?.removeEventListener('abort', onAbort);
        release();
      };
      if (signal?.aborted) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#askUntilAnswered(call, ended.signal, this.#clock.now() + timeoutMs).then((answer) => {
        finish();
        resolve(answer);
      }, fail);
    });
  }

  async #askUntilAnswered(call: Call, signal: AbortSignal, endsAt: number): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      const wire = await this.#connection.ready(signal);
      try {
        return await wire.call(call, signal);
      } catch (error) {
        if (signal.aborted || !isRepeatable(call) || !(error instanceof VerbatimError)) throw error;
        if (error.code === 'RATE_LIMITED') {
          await this.#waitFor(error, call, { signal, endsAt });
          continue;
        }
        if (!ASK_AGAIN.has(error.code)) throw error;
        // The connection spaces its own attempts; answers of a server that lives are spaced here.
        if (error.code !== 'CONNECTION_LOST') await pause(this.#clock, backoffMs(attempt, this.#random), signal);
      }
    }
  }

  /** Throws the refusal when it lasts longer than the call may. */
  async #waitFor(refusal: VerbatimError, call: Call, { signal, endsAt }: { signal: AbortSignal; endsAt: number }): Promise<void> {
    const { limit, retryAfterMs } = limitDetailsOf(refusal) ?? {};
    if (limit === undefined || retryAfterMs === undefined) throw refusal;
    // Not all that waited come in the same moment.
    const until = this.#clock.now() + retryAfterMs + Math.round(this.#random() * MAX_LATENESS_MS);
    if (until >= endsAt) throw refusal;
    const key = keyOf(call.input);
    const done = this.#waits.add({ path: call.path, ...(key !== undefined && { idempotencyKey: key }), limit, until });
    await pause(this.#clock, until - this.#clock.now(), signal);
    done();
  }

  #tooLate(call: Call, timeoutMs: number): VerbatimError {
    const { state, isUsable } = this.#connection;
    if (isUsable) return new VerbatimError('TIMEOUT', `${call.path} was not answered by ${this.#address} within ${timeoutMs} ms`);
    const cause = 'reason' in state ? state.reason : undefined;
    const why = cause === undefined ? '' : `. ${cause.message}`;
    return new VerbatimError(
      'CONNECTION_LOST',
      `${call.path} was not answered: no connection to ${this.#address} within ${timeoutMs} ms${why}`,
      {
        cause,
        ...(cause !== undefined && { details: { reason: cause.code } }),
      },
    );
  }
}

function isRepeatable({ type, input }: Call): boolean {
  return type === 'query' || hasKey(input);
}

function hasKey(input: unknown): boolean {
  return keyOf(input) !== undefined;
}

function keyOf(input: unknown): string | undefined {
  const { idempotencyKey } = (input ?? {}) as { readonly idempotencyKey?: unknown };
  return idempotencyKey === undefined ? undefined : String(idempotencyKey);
}
