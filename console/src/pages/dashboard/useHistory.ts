import { useCallback, useEffect, useRef, useState } from 'react';
import { useAccess } from '../../access.tsx';
import { useWhileVisible } from '../../ui/useWhileVisible.ts';
import { extendHistory, type History, type Range } from './history.ts';

/** The day gets a point every two minutes: it is not to be late by another two. */
const POLL_MS: Readonly<Record<Range, number>> = { hour: 5_000, day: 20_000 };

export interface KeptHistory {
  readonly history: History | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/** The last hour or day: all of it once, then what is newer, while it is wanted and the page is looked at. */
export function useHistory(range: Range, isWanted = true): KeptHistory {
  const { admin } = useAccess().client.trpc;
  const [state, setState] = useState<{ readonly history?: History; readonly error?: unknown }>({});
  const known = useRef<History>(undefined);
  const asked = useRef(0);
  const extend = useCallback(async () => {
    if (!isWanted) return;
    asked.current += 1;
    const id = asked.current;
    const after = known.current?.points.at(-1)?.at;
    try {
      const report = await admin.metrics.query({ range, ...(after !== undefined && { after }) });
      // What was asked later brings this, too.
      if (id !== asked.current) return;
      known.current = extendHistory(known.current, range, report);
      setState({ history: known.current });
    } catch (error) {
      if (id === asked.current) setState((last) => ({ ...last, error }));
    }
  }, [admin, range, isWanted]);
  useEffect(() => void extend(), [extend]);
  useWhileVisible(extend, POLL_MS[range]);
  const reload = useCallback(() => void extend(), [extend]);
  return { history: state.history, error: state.error, reload };
}
