import { useEffect, useState } from 'react';
import type { MetricSample } from 'verbatim-agents/client';
import { useAccess } from '../../access.tsx';

/** One comes every second. */
const STALE_AFTER_MS = 3_500;

export interface LiveSample {
  readonly sample: MetricSample | undefined;
  /** The newest that has it: in most seconds nothing is answered. */
  readonly firstToken: MetricSample | undefined;
  readonly delivery: MetricSample | undefined;
  /** By this machine's clock. */
  readonly heardAt: number | undefined;
  readonly isStale: boolean;
  readonly error: unknown;
}

const NONE: LiveSample = {
  sample: undefined,
  firstToken: undefined,
  delivery: undefined,
  heardAt: undefined,
  isStale: false,
  error: undefined,
};

/** How the server does, every second, while the page is looked at. What was heard last stays when no more comes. */
export function useLiveSample(attempt: number): LiveSample {
  const { admin } = useAccess().client.trpc;
  const [live, setLive] = useState(NONE);
  const isVisible = useIsVisible();
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is asked for again when that is wanted.
  useEffect(() => {
    if (!isVisible) return;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const wait = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => setLive((before) => ({ ...before, isStale: true })), STALE_AFTER_MS);
    };
    wait();
    const watch = admin.watchMetrics.subscribe(undefined, {
      onData: ({ data: sample }) => {
        wait();
        setLive((before) => ({
          sample,
          firstToken: sample.values.firstTokenP50Ms === null ? before.firstToken : sample,
          delivery: sample.values.deliveryP50Ms === null ? before.delivery : sample,
          heardAt: Date.now(),
          isStale: false,
          error: undefined,
        }));
      },
      onError: (error) => setLive((before) => ({ ...before, error: error.cause ?? error })),
    });
    return () => {
      clearTimeout(silence);
      watch.unsubscribe();
    };
  }, [admin, isVisible, attempt]);
  return live;
}

function useIsVisible(): boolean {
  const [isVisible, setVisible] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const look = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return isVisible;
}
