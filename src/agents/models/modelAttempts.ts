import type { Clock } from '../../protocol/clock.ts';
import type { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ModelChunk } from '../model.ts';
import type { ModelCallLimits } from './modelCallLimits.ts';
import { Watchdog } from './watchdog.ts';

export interface ModelAttempts {
  readonly signal: AbortSignal;
  readonly limits: ModelCallLimits;
  readonly clock?: Clock | undefined;
  /** Makes one attempt, with the watchdog's signal. The watchdog is stopped when it ends. */
  attempt(watchdog: Watchdog): AsyncIterable<ModelChunk>;
  failureOf(error: unknown): VerbatimError;
  /** Puts the next attempt otherwise, when that may help against this error, and says so. It is then made at once, and is no retry. */
  askOtherwise(error: unknown): boolean;
}

/**
 * Makes a model call, put otherwise as often as that helps: retries are not made here. What has yielded a chunk is not tried again. Throws
 * the signal's reason when that aborts, else a `MODEL_*`.
 */
export async function* modelAttempts({ signal, limits, clock, ...call }: ModelAttempts): AsyncGenerator<ModelChunk> {
  for (;;) {
    const watchdog = new Watchdog(signal, clock);
    let begun = false;
    try {
      watchdog.expect(limits.firstByteTimeoutMs);
      for await (const chunk of call.attempt(watchdog)) {
        begun = true;
        yield chunk;
      }
      return;
    } catch (error) {
      // The caller's own reason, whatever the abort looked like underneath.
      signal.throwIfAborted();
      if (watchdog.signal.aborted) throw call.failureOf(watchdog.signal.reason);
      if (begun || !call.askOtherwise(error)) throw call.failureOf(error);
    } finally {
      watchdog.stop();
    }
  }
}
