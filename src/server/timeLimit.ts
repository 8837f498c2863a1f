import type { Clock } from '../protocol/clock.ts';

/** Runs `task` when the time is over, unless the returned function is called before, or the server closes. */
export function startTimeLimit(
  { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
  timeoutMs: number,
  task: () => void,
): () => void {
  const stopTimer = clock.after(timeoutMs, () => {
    stop();
    task();
  });
  function stop(): void {
    stopTimer();
    closing.removeEventListener('abort', stop);
  }
  if (closing.aborted) stop();
  else closing.addEventListener('abort', stop, { once: true });
  return stop;
}
