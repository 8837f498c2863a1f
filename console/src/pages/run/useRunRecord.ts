import { useCallback, useEffect, useMemo, useState } from 'react';
import { type AnyEvent, isTerminalEvent, type RunInfo, type RunStep } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

export interface RunRecord {
  readonly info: RunInfo | undefined;
  /** By run: of this one, and of those under it. */
  readonly steps: ReadonlyMap<string, readonly RunStep[]>;
  readonly error: unknown;
  readonly reload: () => void;
}

const NONE: Omit<RunRecord, 'reload'> = { info: undefined, steps: new Map(), error: undefined };
const PAGE = 200;

/** What the server counted of a run: asked again whenever something has begun or ended in it. */
export function useRunRecord(runId: string, events: readonly AnyEvent[]): RunRecord {
  const client = useClient();
  const [record, setRecord] = useState({ of: runId, ...NONE });
  const [asked, setAsked] = useState(0);
  const { runIds, changes } = useMemo(() => seen(runId, events), [runId, events]);
  const family = runIds.join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change in the run is a reason to ask again.
  useEffect(() => {
    let isGone = false;
    const stepsOf = async (of: string): Promise<readonly [string, readonly RunStep[]]> => {
      const steps: RunStep[] = [];
      let pageToken: string | undefined;
      do {
        const page = await client.trpc.runs.steps.query({ runId: of, limit: PAGE, ...(pageToken !== undefined && { pageToken }) });
        steps.push(...page.items);
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined && !isGone);
      return [of, steps];
    };
    const load = async (): Promise<void> => {
      const [info, ...steps] = await Promise.all([client.run(runId).info(), ...family.split(' ').map(stepsOf)]);
      if (!isGone) setRecord({ of: runId, info, steps: new Map(steps), error: undefined });
    };
    load().catch((error: unknown) => isGone || setRecord((before) => ({ ...(before.of === runId ? before : NONE), of: runId, error })));
    return () => {
      isGone = true;
    };
  }, [client, runId, family, changes, asked]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  return { ...(record.of === runId ? record : NONE), reload };
}

function seen(runId: string, events: readonly AnyEvent[]): { readonly runIds: readonly string[]; readonly changes: number } {
  const runIds = new Set([runId]);
  let changes = 0;
  for (const event of events) {
    if (event.type === 'thread.snapshot') continue;
    runIds.add(event.runId);
    const isChange = event.type === 'message.started' || event.type === 'message.completed' || event.type === 'message.discarded';
    if (isChange || event.type === 'run.started' || isTerminalEvent(event)) changes += 1;
  }
  return { runIds: [...runIds], changes };
}
