/** npm passes a terminal's Ctrl-C on to a child that has had it from the terminal already: the same signal again, a moment later. */
const ECHO_MS = 500;

/**
 * Runs `close` on the first SIGTERM or SIGINT and ends the process with exit code 0 when it is done, 1 when it fails; a second signal ends
 * it at once, with 128 + the signal's number. `onStop` is told of the first one.
 */
export function stopOnSignals(
  close: () => Promise<void>,
  onStop: (signal: NodeJS.Signals) => void,
  onFailure: (error: unknown) => void,
): void {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const stop = (signal: NodeJS.Signals, number: number): void => {
    if (first !== undefined) {
      if (signal === first.signal && performance.now() - first.at < ECHO_MS) return;
      process.exit(128 + number);
    }
    first = { signal, at: performance.now() };
    onStop(signal);
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        onFailure(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
