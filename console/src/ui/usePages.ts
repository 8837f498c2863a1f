import { useCallback, useEffect, useRef, useState } from 'react';
import type { Page } from 'verbatim-agents/client';

export interface Pages<Row> {
  /** Of the pages that were fetched; undefined until the first is here. */
  readonly rows: readonly Row[] | undefined;
  readonly error: unknown;
  /** The next page is being fetched. */
  readonly isLoadingMore: boolean;
  /** Fetches the next page; undefined when there is none. */
  readonly more: (() => void) | undefined;
  /** Fetches as many rows as there are now, and shows them in the place of these. */
  readonly reload: () => Promise<void>;
}

/** The list for a table: its rows, and how more of them, or all of them again, are fetched. */
export function tableProps<Row>({ rows, error, isLoadingMore, more, reload }: Pages<Row>) {
  return { rows, error, onRetry: () => void reload(), onMore: more, isLoadingMore };
}

/** A list of the server, page by page. Begins anew when `load` is another function: memoise it. */
export function usePages<Row>(load: (pageToken: string | undefined) => Promise<Page<Row>>): Pages<Row> {
  const [state, setState] = useState<{ readonly rows?: readonly Row[]; readonly next?: string | undefined; readonly error?: unknown }>({});
  const [isLoadingMore, setLoadingMore] = useState(false);
  // What an earlier fetch still brings is not wanted when another has begun.
  const fetches = useRef(0);
  const shown = useRef(1);
  const fetchingMore = useRef<Promise<void>>(undefined);

  const fetchPages = useCallback(
    async ({ rows, from, pages }: { readonly rows: readonly Row[]; readonly from: string | undefined; readonly pages: number }) => {
      const id = ++fetches.current;
      const isCurrent = (): boolean => id === fetches.current;
      // Rows that are fetched again are no reason to disable anything: some are so every few seconds.
      setLoadingMore(from !== undefined);
      try {
        let all = rows;
        let next = from;
        for (let page = 0; page < pages && (page === 0 || next !== undefined); page += 1) {
          const { items, nextPageToken } = await load(next);
          all = [...all, ...items];
          next = nextPageToken;
        }
        if (!isCurrent()) return;
        setState({ rows: all, next });
        shown.current = pages + (rows.length > 0 ? shown.current : 0);
      } catch (error) {
        if (isCurrent()) setState((before) => ({ ...before, error }));
      } finally {
        if (isCurrent()) setLoadingMore(false);
      }
    },
    [load],
  );

  const reload = useCallback(async () => {
    // A page that somebody asked for is not lost to this.
    await fetchingMore.current;
    await fetchPages({ rows: [], from: undefined, pages: shown.current });
  }, [fetchPages]);
  useEffect(() => {
    shown.current = 1;
    setState({});
    void fetchPages({ rows: [], from: undefined, pages: 1 });
    return () => {
      fetches.current += 1;
    };
  }, [fetchPages]);

  const { rows, next, error } = state;
  const fetchMore = (): void => {
    fetchingMore.current = fetchPages({ rows: rows ?? [], from: next, pages: 1 });
  };
  const more = next === undefined ? undefined : fetchMore;
  return { rows, error, isLoadingMore, more, reload };
}
