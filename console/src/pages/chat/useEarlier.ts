import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Message } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

const PAGE = 100;

export interface Earlier {
  /** Older than the thread that is read, oldest first; those of child runs included. */
  readonly messages: readonly Message[];
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  load(): void;
}

interface Pages {
  readonly messages: readonly Message[];
  readonly nextPageToken?: string | undefined;
  readonly isAtBeginning: boolean;
}

const NO_PAGES: Pages = { messages: [], isAtBeginning: false };

/** Pages of older messages, before the first that the thread has: loaded one by one, when they are asked for. */
export function useEarlier(threadId: string | undefined, first: Message | undefined, hasEarlier: boolean): Earlier {
  const client = useClient();
  const [pages, setPages] = useState(NO_PAGES);
  const [isLoading, setLoading] = useState(false);
  const loading = useRef<AbortController>(undefined);
  useEffect(() => () => loading.current?.abort(), []);

  const firstId = first?.id;
  const load = useCallback(() => {
    if (threadId === undefined || firstId === undefined || loading.current !== undefined) return;
    const asking = new AbortController();
    const { signal } = asking;
    loading.current = asking;
    setLoading(true);
    readOlder(signal)
      .then(setPages, () => {}) // Asked again by the next scroll; that the server is away is told elsewhere.
      .finally(() => {
        loading.current = undefined;
        if (!signal.aborted) setLoading(false);
      });

    /** Pages begin at the newest: those that the thread has already are left out. */
    async function readOlder(signal: AbortSignal): Promise<Pages> {
      let { nextPageToken, messages } = pages;
      do {
        const page = await client.threads.messages(
          { threadId: threadId ?? '', limit: PAGE, ...(nextPageToken !== undefined && { pageToken: nextPageToken }) },
          { signal },
        );
        nextPageToken = page.nextPageToken;
        const known = messages.length > 0 ? -1 : page.items.findIndex(({ id }) => id === firstId);
        const isReached = messages.length > 0 || known !== -1;
        if (isReached) {
          const older = known === -1 ? page.items : page.items.slice(0, known);
          if (older.length > 0) return { messages: [...older, ...messages], nextPageToken, isAtBeginning: nextPageToken === undefined };
        }
      } while (nextPageToken !== undefined);
      return { messages, nextPageToken, isAtBeginning: true };
    }
  }, [client, threadId, firstId, pages]);

  return useMemo(
    () => ({ messages: hasEarlier ? pages.messages : [], isLoading, hasMore: hasEarlier && !pages.isAtBeginning, load }),
    [pages, isLoading, hasEarlier, load],
  );
}
