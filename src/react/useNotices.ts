import { useCallback, useEffect, useRef, useState } from 'react';
import type { Notice } from '../protocol/notice.ts';
import { useClient } from './provider.ts';

export interface UseNoticesOptions {
  /** How many are kept; older ones go. Default 20. */
  readonly limit?: number | undefined;
  /** Told of each when it comes. */
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

export interface UseNotices {
  /** Newest first. */
  readonly notices: readonly Notice[];
  /** Takes one away, or all of them. */
  dismiss(id?: string): void;
}

/** What the server has told since the component is there: notices are kept nowhere. Keeps the client connected. */
export function useNotices(options: UseNoticesOptions = {}): UseNotices {
  const client = useClient();
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const newest = useRef(options);
  useEffect(() => {
    newest.current = options;
  });
  useEffect(
    () =>
      client.on('notice', (notice) => {
        const { limit = 20, onNotice } = newest.current;
        setNotices((known) => [notice, ...known].slice(0, limit));
        onNotice?.(notice);
      }),
    [client],
  );
  const dismiss = useCallback((id?: string) => {
    setNotices((known) => (id === undefined ? [] : known.filter((notice) => notice.id !== id)));
  }, []);
  return { notices, dismiss };
}
