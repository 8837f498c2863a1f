import { useMemo } from 'react';
import type { Client } from '../client/client.ts';
import type { SentRun } from '../client/run.ts';
import type { MessageOf, RunStateOf, ThreadStateOf } from '../client/threadReducer.ts';
import type { ApiContract } from '../protocol/contract.ts';
import type { RunInfo, RunStatus } from '../protocol/procedures.ts';
import type { VerbatimError } from '../protocol/verbatimError.ts';
import { useClient } from './provider.ts';
import type { RegisteredApi } from './register.ts';
import { RunStore, UNREAD_RUN } from './runStore.ts';
import { SharedStores } from './sharedStores.ts';
import { useShared } from './useShared.ts';

export interface UseRun<Api extends ApiContract> {
  /** `loading` until something is known. */
  readonly status: RunStatus | 'loading';
  /** How the server listed it when it was first read, and once more when it has ended: with its times and its usage. */
  readonly info: RunInfo | undefined;
  /** What its events say. */
  readonly run: RunStateOf<Api> | undefined;
  /** Its own: what it was asked, and what it said. */
  readonly messages: readonly MessageOf<Api>[];
  /** It, and those under it. */
  readonly runs: ThreadStateOf<Api>['runs'];
  /** Why it cannot be read. What the run itself failed with is in `run.error`. */
  readonly error: VerbatimError | undefined;
  cancel(): Promise<RunInfo>;
  /** Answers its message again, with another run. */
  retry(): Promise<SentRun<Api[keyof Api & string]>>;
}

const runStores = new SharedStores<RunStore>();

/** A run as it is now, until it has ended. Without an id there is none. */
export function useRun<Api extends ApiContract = RegisteredApi>(runId: string | undefined): UseRun<Api> {
  const client = useClient<Api>();
  // The edge: a run is read by what every Api has in common.
  const anyClient = client as unknown as Client<ApiContract>;
  const create = (): RunStore => new RunStore(anyClient, runId ?? '');
  const view = useShared({ stores: runStores, client, key: runId, create, first: UNREAD_RUN });
  const actions = useMemo(() => {
    const run = client.run(runId ?? '');
    return { cancel: () => run.cancel(), retry: () => run.retry() };
  }, [client, runId]);
  const status = view.run?.status ?? view.info?.status ?? 'loading';
  return { ...(view as unknown as Omit<UseRun<Api>, 'status' | 'cancel' | 'retry'>), status, ...actions };
}
