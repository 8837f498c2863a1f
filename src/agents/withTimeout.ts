import type { Clock } from '../protocol/clock.ts';
import type { ErrorCode } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

/**
 * Does work with a signal that aborts with the outer one, or when the time is up. Then it rejects at once, whether the work listens or not:
 * the work must look at its signal before it writes.
 */
export async function withTimeout<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  { timeoutMs, code, what }: { readonly timeoutMs: number; readonly code: ErrorCode; readonly what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let stopTimer = (): void => {};
  const onAbort = (): void => {
    // From here on whoever aborted counts the time: work that is deaf must not leave a timer behind.
    stopTimer();
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const timedOut = new Promise<never>((_resolve, reject) => {
    stopTimer = clock.after(timeoutMs, () => {
      const error = new VerbatimError(code, `${what} took longer than ${timeoutMs} ms.`);
      controller.abort(error);
      reject(error);
    });
  });
  try {
    return await Promise.race([work(controller.signal), timedOut]);
  } finally {
    stopTimer();
    signal.removeEventListener('abort', onAbort);
  }
}
