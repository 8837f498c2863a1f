import { useEffect, useState } from 'react';
import { emptyThread, type RunInfo, type RunRemark, reduceThread } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

export type RemarksOfRuns = { readonly [runId: string]: readonly RunRemark[] };

/** Runs whose remarks are read: each costs reading what it said once more. */
const RUNS = 20;
const NONE: RemarksOfRuns = {};

/** The remarks of the newest runs of a thread that was there before it was opened: a snapshot has none, and the log has all that was not folded. */
export function useEarlierRemarks(threadId: string | undefined, records: readonly RunInfo[]): RemarksOfRuns {
  const client = useClient();
  const [read, setRead] = useState<{ readonly of: string; readonly remarks: RemarksOfRuns }>();
  const [opened] = useState(threadId);
  const from = records
    .filter(({ parentRunId }) => parentRunId === undefined)
    .map(({ firstSeq }) => firstSeq)
    .sort((a, b) => b - a)
    .slice(0, RUNS)
    .at(-1);
  const isNeeded = threadId !== undefined && threadId === opened && read?.of !== threadId && from !== undefined;
  useEffect(() => {
    if (!isNeeded) return;
    const reading = new AbortController();
    const readAll = async (): Promise<void> => {
      const { head } = await client.threads.get({ threadId }, { signal: reading.signal });
      let state = { ...emptyThread, seq: from - 1 };
      for await (const event of client.thread(threadId).watch({ after: from - 1, mode: 'messages', signal: reading.signal })) {
        if (event.type === 'thread.snapshot') break;
        state = reduceThread(state, event);
        if (event.seq >= head) break;
      }
      if (reading.signal.aborted) return;
      setRead({ of: threadId, remarks: Object.fromEntries(Object.values(state.runs).map(({ id, remarks }) => [id, remarks])) });
    };
    readAll().catch(() => {}); // What is missing are remarks on old runs. Why nothing can be read is told by the thread.
    return () => reading.abort();
  }, [client, threadId, isNeeded, from]);
  return read !== undefined && read.of === threadId ? read.remarks : NONE;
}
