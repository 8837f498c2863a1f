import type { VerbatimError } from '../../protocol/verbatimError.ts';
import type { ModelChunk } from '../model.ts';
import { abortableDelay } from './abortable.ts';
import type { ModelCallLimits } from './modelCallLimits.ts';
import { retryDelay } from './retryDelay.ts';
import { Watchdog } from './watchdog.ts';

export interface ModelAttempts {
  readonly signal: AbortSignal;
  readonly limits: ModelCallLimits;
  /** 0 to 1, for the jitter between attempts. */
  readonly random?: (() => number) | undefined;
  /** Makes one attempt, with the watchdog's signal. The watchdog is stopped when it ends. */
  attempt(watchdog: Watchdog): AsyncIterable<ModelChunk>;
  failureOf(error: unknown): VerbatimError;
  /** Puts the next attempt otherwise, when that may help against this error, and says so. It is then made at once, and is no retry. */
  askOtherwise(error: unknown): boolean;
}

/**
 * Makes a model call: attempt after attempt until one yields, within the time of the whole call. What has yielded a chunk is not tried
 * again. Throws the signal's reason when that aborts, else a `MODEL_*`.
 */
export async function* modelAttempts({ signal, limits, random = Math.random, ...call }: ModelAttempts): AsyncGenerator<ModelChunk> {
  signal.throwIfAborted();
  const deadline = performance.now() + limits.callTimeoutMs;
  for (let attempt = 0; ; attempt++) {
    const watchdog = new Watchdog(signal, deadline - performance.now());
    let delayMs = 0;
    let begun = false;
    try {
      watchdog.expect(limits.firstByteTimeoutMs);
      for await (const chunk of call.attempt(watchdog)) {
        signal.throwIfAborted();
        begun = true;
        yield chunk;
      }
      return;
    } catch (error) {
      // The caller's own reason, whatever the abort looked like underneath.
      signal.throwIfAborted();
      if (!begun && !watchdog.signal.aborted && call.askOtherwise(error)) {
        attempt--;
      } else {
        const failure = call.failureOf(watchdog.signal.aborted ? watchdog.signal.reason : error);
        const wait = begun || attempt >= limits.maxRetries ? undefined : retryDelay(failure, attempt, { ...limits, random });
        if (wait === undefined || performance.now() + wait >= deadline) throw failure;
        delayMs = wait;
      }
    } finally {
      watchdog.stop();
    }
    if (delayMs > 0) await abortableDelay(delayMs, signal);
  }
}
