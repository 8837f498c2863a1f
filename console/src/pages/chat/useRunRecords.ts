import { useEffect, useState } from 'react';
import type { RunInfo } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

const NONE: readonly RunInfo[] = [];
const PAGE = 100;

/** What the server knows of the newest runs of a thread, for those that began before it was opened here. Asked again when `version` changes. */
export function useRunRecords(threadId: string | undefined, version: unknown): readonly RunInfo[] {
  const client = useClient();
  const [records, setRecords] = useState<{ readonly of: string | undefined; readonly runs: readonly RunInfo[] }>({
    of: undefined,
    runs: NONE,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a version is a reason to ask again.
  useEffect(() => {
    if (threadId === undefined) return;
    const asking = new AbortController();
    client.trpc.runs.list.query({ threadId, limit: PAGE }, { signal: asking.signal }).then(
      ({ items }) => setRecords({ of: threadId, runs: items }),
      () => {}, // What is missing is the usage of old runs. Why nothing can be read is told by the thread.
    );
    return () => asking.abort();
  }, [client, threadId, version]);
  return records.of === threadId ? records.runs : NONE;
}
