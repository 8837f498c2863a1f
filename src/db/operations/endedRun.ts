import { type EventDraft, isTerminalEvent } from '../../protocol/event.ts';
import type { EndedRun } from '../../protocol/observer.ts';
import type { Queries } from '../queries.ts';

/** The run that has ended by this event, which is committed. */
export function endedRun({ runs }: Queries, event: EventDraft, key: number): EndedRun | undefined {
  if (!isTerminalEvent(event)) return undefined;
  const run = runs.endOf(key);
  // Its thread may be gone already.
  if (run === undefined || run.endedAt === null) return undefined;
  const { runId, agent, status, error, usage, createdAt, startedAt, endedAt, parent } = run;
  if (status !== 'completed' && status !== 'failed' && status !== 'cancelled') return undefined;
  return {
    runId,
    agent,
    status,
    code: error?.code,
    totalMs: endedAt - createdAt,
    workMs: startedAt === null ? undefined : endedAt - startedAt,
    usage,
    isRoot: parent === null,
  };
}
