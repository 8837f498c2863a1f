import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Client } from '../client/client.ts';
import type { MessageOf, RunStateOf, ThreadStateOf } from '../client/threadReducer.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { Usage } from '../protocol/event.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { useClient } from './provider.ts';
import type { RegisteredApi } from './register.ts';
import type { Shown } from './shownMessages.ts';
import { type ThreadActions, threadActions } from './threadActions.ts';
import { ThreadStore, type ThreadView, threadStoreOf, threadStores, UNREAD } from './threadStore.ts';

export interface UseThreadOptions<Api extends ApiContract, Name extends keyof Api & string = keyof Api & string> {
  /** Absent: a new thread, which begins with the first message. */
  readonly threadId?: string | undefined;
  /** Who is sent to, unless a message says otherwise. */
  readonly agent: Name;
  /** Told of the thread that is shown from now on: the new one of a first message, an edit or a fork. */
  readonly onThread?: ((threadId: string) => void) | undefined;
}

/**
 * `sending`: what was sent is not in the thread yet. `queued`: it waits for its run to begin. `waiting`: the run waits for a person, or for
 * a tool that the client carries out. `failed`: the thread cannot be read; a run that failed leaves it `idle`.
 */
export type ThreadStatus = 'loading' | 'idle' | 'sending' | 'queued' | 'running' | 'waiting' | 'failed';

export interface UseThread<Api extends ApiContract, Name extends keyof Api & string = keyof Api & string> extends ThreadActions<Api, Name> {
  readonly threadId: string | undefined;
  /**
   * The conversation, own messages that are on their way included, withdrawn ones left out. A message that did not change is the same object:
   * rows in `React.memo` are rendered for what changed alone.
   */
  readonly messages: readonly (MessageOf<Api> & Shown)[];
  readonly status: ThreadStatus;
  /** There are older messages than these: `loadEarlier` puts a page of them before. */
  readonly hasEarlier: boolean;
  readonly isLoadingEarlier: boolean;
  /** Those that were heard of since the thread is read, with what child runs say. */
  readonly runs: ThreadStateOf<Api>['runs'];
  /** The root run that is at work or waits. */
  readonly activeRun: RunStateOf<Api> | undefined;
  /** The last data part of each name. */
  readonly data: ThreadStateOf<Api>['data'];
  /** Of the root run that ended last. */
  readonly usage: Usage | undefined;
  /** Why the thread cannot be read, or what the last action was refused for. */
  readonly error: VerbatimError | undefined;
  /** The connection was lost and is back, and what came meanwhile is not here yet. */
  readonly isCatchingUp: boolean;
}

/** What the hook shows: a thread that was given, or that this one went on to, or one that has not begun. */
interface Place {
  readonly client: object;
  readonly given: string | undefined;
  readonly threadId: string | undefined;
  readonly draft: ThreadStore | undefined;
  /** Shown until the thread that an edit or a fork made is here. */
  readonly meanwhile?: ThreadView;
}

const getUnread = (): ThreadView => UNREAD;

/** A thread as it is now, and what can be done in it. All who look at it, in this tab and in others, see the same. */
export function useThread<Api extends ApiContract = RegisteredApi, Name extends keyof Api & string = keyof Api & string>(
  options: UseThreadOptions<Api, Name>,
): UseThread<Api, Name> {
  // The edge: threads are read by what every Api has in common.
  const client = useClient<Api>() as unknown as Client<ApiContract>;
  const given = options.threadId;
  const arrive = (): Place => ({
    client,
    given,
    threadId: given,
    draft: given === undefined ? new ThreadStore(client, undefined) : undefined,
  });
  const [kept, setPlace] = useState(arrive);
  let place = kept;
  if (kept.given !== given || kept.client !== client) {
    // What was gone on to from another thread is of the past. A thread that began here, or was made here, is the one that is given then, and
    // stays as it is.
    place = kept.client === client && given !== undefined && kept.threadId === given ? { ...kept, given } : arrive();
    setPlace(place);
  }
  const { threadId, draft } = place;

  const newest = useRef({ options, place });
  const isThere = useRef(false);
  useEffect(() => {
    newest.current = { options, place };
  });
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  // Whoever has gone elsewhere meanwhile is not called back.
  useEffect(() => {
    if (draft === undefined) return;
    draft.onBegin = (next) => {
      setPlace({ client, given: undefined, threadId: next, draft: undefined });
      newest.current.options.onThread?.(next);
    };
    return () => {
      draft.onBegin = () => {};
    };
  }, [client, draft]);

  const subscribe = useCallback(
    (listener: () => void) => {
      const store = draft ?? (threadId === undefined ? undefined : threadStoreOf(client, threadId));
      return store?.live.subscribe(listener) ?? (() => {});
    },
    [client, threadId, draft],
  );
  const getView = (): ThreadView =>
    (draft ?? (threadId === undefined ? undefined : threadStores.find(client, threadId)))?.live.view() ?? UNREAD;
  const read = useSyncExternalStore(subscribe, getView, getUnread);
  const isOnTheWay = !read.isLoaded && read.error === undefined && place.meanwhile !== undefined;
  const view = isOnTheWay && place.meanwhile !== undefined ? place.meanwhile : read;

  const shown = draft ?? threadId;
  const [refusal, setRefusal] = useState<{ readonly of: unknown; readonly error: VerbatimError }>();
  const actions = useMemo(
    () =>
      threadActions<Api, Name>({
        client,
        store: () => draft ?? threadStoreOf(client, threadId ?? ''),
        threadId,
        agent: () => newest.current.options.agent,
        onRefused: (error) => setRefusal(error && { of: draft ?? threadId, error }),
        go: (next) => {
          const from = newest.current.place;
          if (!isThere.current || from.threadId !== threadId || from.draft !== draft) return;
          const meanwhile = threadStoreOf(client, threadId ?? '').live.view();
          setPlace({ client, given: from.given, threadId: next, draft: undefined, meanwhile });
          newest.current.options.onThread?.(next);
        },
      }),
    [client, threadId, draft],
  );

  const { thread, messages } = view as unknown as {
    readonly thread: ThreadStateOf<Api>;
    readonly messages: readonly (MessageOf<Api> & Shown)[];
  };
  const activeRun = thread.activeRunId === undefined ? undefined : thread.runs[thread.activeRunId];
  return {
    ...actions,
    threadId,
    messages,
    status: isOnTheWay ? 'sending' : statusOf(view, threadId),
    hasEarlier: view.hasEarlier,
    isLoadingEarlier: view.isLoadingEarlier,
    runs: thread.runs,
    activeRun,
    data: thread.data,
    usage: lastUsage(view.thread.runs),
    error: view.error ?? (refusal?.of === shown ? refusal?.error : undefined),
    isCatchingUp: view.isCatchingUp,
  };
}

function statusOf({ error, thread, isSending, isLoaded }: ThreadView, threadId: string | undefined): ThreadStatus {
  if (error !== undefined) return 'failed';
  const activeRun = thread.activeRunId === undefined ? undefined : thread.runs[thread.activeRunId];
  if (activeRun !== undefined) return activeRun.status === 'waiting' ? 'waiting' : 'running';
  if (isSending) return 'sending';
  if (threadId !== undefined && !isLoaded) return 'loading';
  return thread.messages.some(({ role, status }) => role === 'user' && status === 'queued') ? 'queued' : 'idle';
}

function lastUsage(runs: ThreadView['thread']['runs']): Usage | undefined {
  return Object.values(runs).findLast((run) => run.usage !== undefined && run.parentRunId === undefined)?.usage;
}
