import type { Message, RunInfo, RunRemark, RunState } from 'verbatim-agents/client';
import type { RemarksOfRuns } from './useEarlierRemarks.ts';

/** A run as it is shown: what was heard of it live, over what the server tells of one that began before. */
export type RunView = Omit<RunState, 'messages'> & { readonly messages: readonly Message[]; readonly createdAt?: number };

export type Runs = { readonly [runId: string]: RunView };

/** `told` are the server's records, and `remarks` what happened in runs before they were heard of. */
export function mergeRuns(live: Runs, told: readonly RunInfo[], remarks: RemarksOfRuns): Runs {
  const runs: Record<string, RunView> = {};
  for (const info of told) runs[info.id] = { ...fromInfo(info), remarks: remarks[info.id] ?? [] };
  for (const run of Object.values(live)) runs[run.id] = over(runs[run.id], run);
  for (const { id, parentRunId } of Object.values(runs)) {
    const parent = parentRunId === undefined ? undefined : runs[parentRunId];
    if (parent !== undefined && !parent.children.includes(id)) runs[parent.id] = { ...parent, children: [...parent.children, id].sort() };
  }
  return runs;
}

function fromInfo({
  id,
  status,
  agent,
  attempt,
  parentRunId,
  parentCallId,
  task,
  currentAgent,
  usage,
  outcome,
  output,
  error,
  createdAt,
}: RunInfo): Omit<RunView, 'remarks'> {
  return {
    id,
    status,
    agent,
    attempt,
    children: [],
    messages: [],
    createdAt,
    ...(parentRunId !== undefined && { parentRunId }),
    ...(parentCallId !== undefined && { parentCallId }),
    ...(task !== undefined && { task }),
    ...(currentAgent !== undefined && { currentAgent }),
    // What an open run has used so far is told with its end.
    ...(isEnded(status) && { usage }),
    ...(outcome !== undefined && { outcome }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
  };
}

/** A run of which only messages were heard is taken for running by the reducer: then its record knows better. */
function over(info: RunView | undefined, live: RunView): RunView {
  if (info === undefined) return live;
  const isHeard = live.attempt !== undefined || isEnded(live.status);
  return { ...info, ...live, status: isHeard ? live.status : info.status, remarks: joined(info.remarks, live.remarks) };
}

/** What is heard of live was read of the log before, too, or is newer; a data part takes the place of the one before it. */
function joined(earlier: readonly RunRemark[], live: readonly RunRemark[]): readonly RunRemark[] {
  if (earlier.length === 0) return live;
  const isAgain = ({ event, afterMessageId }: RunRemark): boolean =>
    live.some(
      (one) =>
        one.event.seq === event.seq ||
        (event.type === 'data' && one.event.type === 'data' && one.event.name === event.name && one.afterMessageId === afterMessageId),
    );
  return [...earlier.filter((remark) => !isAgain(remark)), ...live];
}

export function isEnded(status: RunView['status']): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
