import { useCallback, useState } from 'react';

export interface Attempt {
  readonly isBusy: boolean;
  /** What the last one was refused with, until the next begins. */
  readonly error: unknown;
  /** Never rejects. */
  readonly run: (act: () => Promise<unknown>) => Promise<void>;
  readonly setError: (error: unknown) => void;
}

/** Acts that may be refused: whether one is under way, and why the last one did not come about. */
export function useAttempt(): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = useCallback(async (act: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  }, []);
  return { isBusy, error, run, setError };
}
