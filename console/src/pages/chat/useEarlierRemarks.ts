import { useEffect, useState } from 'react';
import { emptyThread, type RunInfo, type RunRemark, reduceThread, type ThreadState } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { isEnded } from './runView.ts';

export type RemarksOfRuns = { readonly [runId: string]: readonly RunRemark[] };

/** Runs whose remarks are read at once: each costs reading what it said once more. */
const RUNS = 20;
const NONE: RemarksOfRuns = {};

interface Read {
  readonly of: string;
  /** The position from which on it is read; 0 when what is before is folded. */
  readonly from: number;
  readonly remarks: RemarksOfRuns;
}

/**
 * The remarks of the newest runs of a thread that was there before it was opened, and of those before, as far back as `topRunId`, which is looked
 * at: a snapshot has none, and the log has all that was not folded.
 */
export function useEarlierRemarks(threadId: string | undefined, records: readonly RunInfo[], topRunId: string | undefined): RemarksOfRuns {
  const client = useClient();
  const [read, setRead] = useState<Read>();
  const [opened] = useState(threadId);
  const before = read?.of === threadId ? read : undefined;
  const from = beginningOf(records, before?.from ?? Number.POSITIVE_INFINITY);
  const top = records.find(({ id }) => id === topRunId)?.firstSeq;
  const isNeeded = threadId !== undefined && threadId === opened && (before === undefined || (top !== undefined && top < before.from));
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was read and is known then does not change what is to be read.
  useEffect(() => {
    if (!isNeeded || from === undefined) return;
    const reading = new AbortController();
    const { signal } = reading;
    const until = before?.from ?? Number.POSITIVE_INFINITY;
    const begun = records.filter(({ firstSeq }) => firstSeq >= from && firstSeq < until).map(({ id }) => id);
    const readAll = async (): Promise<void> => {
      const { head } = await client.threads.get({ threadId }, { signal });
      let state: ThreadState = { ...emptyThread, seq: from - 1 };
      let isFolded = false;
      for await (const event of client.thread(threadId).watch({ after: from - 1, mode: 'messages', signal })) {
        isFolded = event.type === 'thread.snapshot';
        if (isFolded) break;
        state = reduceThread(state, event);
        // One may have gone on after the next had come to wait for it.
        if (event.seq >= head || (event.seq + 1 >= until && begun.every((id) => isEnded(state.runs[id]?.status ?? 'completed')))) break;
      }
      if (signal.aborted) return;
      const found = Object.values(state.runs).map(({ id, remarks }) => [id, remarks] as const);
      const own = found.filter(([id]) => before === undefined || begun.includes(id));
      setRead({ of: threadId, from: isFolded ? 0 : from, remarks: { ...before?.remarks, ...Object.fromEntries(own) } });
    };
    readAll().catch(() => {}); // What is missing are remarks on old runs. Why nothing can be read is told by the thread.
    return () => reading.abort();
  }, [client, threadId, isNeeded, from]);
  return before?.remarks ?? NONE;
}

/** Where the newest runs before a position begin. */
function beginningOf(records: readonly RunInfo[], end: number): number | undefined {
  return records
    .filter(({ parentRunId, firstSeq }) => parentRunId === undefined && firstSeq < end)
    .map(({ firstSeq }) => firstSeq)
    .sort((a, b) => b - a)
    .slice(0, RUNS)
    .at(-1);
}
