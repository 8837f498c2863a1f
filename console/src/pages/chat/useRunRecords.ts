import { useEffect, useState } from 'react';
import type { RunInfo } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

const NONE: readonly RunInfo[] = [];
const PAGE = 100;

interface Records {
  readonly of: string | undefined;
  /** Newest first. */
  readonly runs: readonly RunInfo[];
  /** Of those before them. */
  readonly pageToken?: string | undefined;
}

export interface AskedRuns {
  /** They are asked for again when it changes. */
  readonly version: unknown;
  /** A run that is looked at: those from it on are asked for. */
  readonly topRunId: string | undefined;
}

/** What the server knows of the newest runs of a thread, for those that began before it was opened here, as far back as it is looked at. */
export function useRunRecords(threadId: string | undefined, { version, topRunId }: AskedRuns): readonly RunInfo[] {
  const client = useClient();
  const [records, setRecords] = useState<Records>({ of: undefined, runs: NONE });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a version is a reason to ask again.
  useEffect(() => {
    if (threadId === undefined) return;
    const asking = new AbortController();
    client.trpc.runs.list.query({ threadId, limit: PAGE }, { signal: asking.signal }).then(
      ({ items, nextPageToken }) =>
        setRecords((before) => (before.of === threadId ? joined(before, items) : { of: threadId, runs: items, pageToken: nextPageToken })),
      () => {}, // What is missing is the usage of old runs. Why nothing can be read is told by the thread.
    );
    return () => asking.abort();
  }, [client, threadId, version]);

  const isThere = topRunId === undefined || records.runs.some(({ id }) => id === topRunId);
  const pageToken = isThere || records.of !== threadId ? undefined : records.pageToken;
  useEffect(() => {
    if (threadId === undefined || pageToken === undefined) return;
    const asking = new AbortController();
    client.trpc.runs.list.query({ threadId, limit: PAGE, pageToken }, { signal: asking.signal }).then(
      ({ items, nextPageToken }) => setRecords((before) => ({ ...before, runs: [...before.runs, ...items], pageToken: nextPageToken })),
      () => {}, // As above.
    );
    return () => asking.abort();
  }, [client, threadId, pageToken]);
  return records.of === threadId ? records.runs : NONE;
}

/** With the newest as they are now. */
function joined(before: Records, newest: readonly RunInfo[]): Records {
  const ids = new Set(newest.map(({ id }) => id));
  return { ...before, runs: [...newest, ...before.runs.filter(({ id }) => !ids.has(id))] };
}
