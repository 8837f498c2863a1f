import { useMemo } from 'react';
import type { Client } from '../client/client.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { ThreadInfo, ThreadListInput } from '../protocol/procedures.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { ListStore, UNREAD_LIST } from './listStore.ts';
import { useClient } from './provider.ts';
import { SharedStores } from './sharedStores.ts';
import { useShared } from './useShared.ts';

export interface UseThreadsOptions extends Omit<ThreadListInput, 'pageToken'> {
  /** How often it is read again while the page is seen, for what others do. 0: never by time alone. Default 30,000. */
  readonly refreshMs?: number | undefined;
}

export interface UseThreads {
  readonly threads: readonly ThreadInfo[];
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  /** Why it could not be read the last time. `threads` is what was read before. */
  readonly error: VerbatimError | undefined;
  loadMore(): Promise<void>;
  reload(): Promise<void>;
  /** Shown at once; taken back when it is refused. */
  rename(threadId: string, title: string | null): Promise<ThreadInfo>;
  /** As `rename`. */
  remove(threadId: string): Promise<void>;
}

const lists = new SharedStores<ListStore<ThreadInfo>>();

/** The threads of the caller, or those that are shared with it. What this tab does shows at once, what others do with the next reading. */
export function useThreads({ refreshMs = 30_000, ...input }: UseThreadsOptions = {}): UseThreads {
  const client = useClient() as unknown as Client<ApiContract>;
  const key = JSON.stringify([input, refreshMs]);
  const create = (): ListStore<ThreadInfo> =>
    new ListStore({
      client,
      list: 'threads',
      refreshMs,
      page: (pageToken) => client.threads.list({ ...input, ...(pageToken !== undefined && { pageToken }) }),
      idOf: ({ id }) => id,
    });
  const { rows, isLoaded, hasMore, isLoadingMore, error } = useShared({ stores: lists, client, key, create, first: UNREAD_LIST });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `create` makes what the key says.
  const actions = useMemo(() => {
    const store = (): ListStore<ThreadInfo> => lists.open(client, key, create);
    return {
      loadMore: () => store().loadMore(),
      reload: () => store().reload(),
      rename: (threadId: string, title: string | null) =>
        store().change(
          (threads) => threads.map((thread) => (thread.id === threadId ? { ...thread, title } : thread)),
          () => client.threads.update({ threadId, title }),
        ),
      remove: (threadId: string) =>
        store().change(
          (threads) => threads.filter(({ id }) => id !== threadId),
          async () => void (await client.threads.delete({ threadId })),
        ),
    };
  }, [client, key]);
  return { threads: rows, isLoading: !isLoaded && error === undefined, hasMore, isLoadingMore, error, ...actions };
}
