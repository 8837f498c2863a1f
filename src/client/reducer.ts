import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { AnyEvent, ThreadSnapshot, Usage } from '../protocol/event.ts';
import { foldEvent } from '../protocol/foldEvent.ts';
import type { Json } from '../protocol/json.ts';
import type { Message } from '../protocol/message.ts';
import type { RunStatus } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

export interface RunState {
  readonly id: string;
  readonly status: RunStatus;
  /** Absent for a run that is known from a snapshot only. */
  readonly agent?: string;
  readonly attempt?: number;
  /** Of a queued run: how many are before it, as last heard. */
  readonly place?: number;
  /** What an open run says it is doing. */
  readonly statusText?: string;
  readonly parentRunId?: string;
  /** Of an ended run. */
  readonly usage?: Usage;
  readonly outcome?: 'complete' | 'partial';
  readonly output?: Json;
  readonly error?: ErrorInfo;
  readonly cancelledBy?: string;
}

/** A thread as a front end shows it. */
export interface ThreadState {
  /** Everything up to here is in it. */
  readonly seq: number;
  readonly messages: readonly Message[];
  /** There are older messages than these: `threads.messages` pages through them. */
  readonly earlier: boolean;
  /** Since the beginning, or since the last snapshot. */
  readonly runs: { readonly [runId: string]: RunState };
  /** The open root run, while it is running or waiting. */
  readonly activeRunId?: string;
  /** The last data part of each name. */
  readonly data: { readonly [name: string]: Json };
}

/** A thread before its first event. */
export const emptyThread: ThreadState = { seq: 0, messages: [], earlier: false, runs: {}, data: {} };

/**
 * The thread after one more event. Pure; parts that did not change keep their identity. An event that is in the state already leaves it
 * as it is, a snapshot starts anew, and an event that does not follow throws `CURSOR_GAP`.
 */
export function reduceThread(state: ThreadState, event: AnyEvent): ThreadState {
  if (event.type === 'thread.snapshot') return startFrom(event);
  if (event.seq <= state.seq) return state;
  if ((event.firstSeq ?? event.seq) !== state.seq + 1) {
    throw new VerbatimError('CURSOR_GAP', `Events ${state.seq + 1} to ${(event.firstSeq ?? event.seq) - 1} are missing`);
  }
  const { activeRunId, ...rest } = state;
  const runs = reduceRuns(state.runs, event);
  const active = reduceActive(activeRunId, event);
  return {
    ...rest,
    seq: event.seq,
    messages: foldEvent(state.messages, event),
    runs,
    data: event.type === 'data' ? { ...state.data, [event.name]: event.data } : state.data,
    ...(active !== undefined && { activeRunId: active }),
  };
}

function startFrom({ seq, messages, earlier, activeRunId }: ThreadSnapshot): ThreadState {
  if (activeRunId === undefined) return { ...emptyThread, seq, messages, earlier };
  return { ...emptyThread, seq, messages, earlier, activeRunId, runs: { [activeRunId]: { id: activeRunId, status: 'running' } } };
}

function reduceActive(activeRunId: string | undefined, event: AnyEvent): string | undefined {
  switch (event.type) {
    case 'run.started':
      return event.parentRunId === undefined ? event.runId : activeRunId;
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      return event.runId === activeRunId ? undefined : activeRunId;
    default:
      return activeRunId;
  }
}

type Runs = ThreadState['runs'];

function reduceRuns(runs: Runs, event: AnyEvent): Runs {
  switch (event.type) {
    case 'run.queued':
      return change(runs, event.runId, () => ({ status: 'queued', agent: event.agent, place: event.place }));
    case 'run.started':
      return change(runs, event.runId, ({ place: _, ...run }) => ({
        ...run,
        status: 'running',
        agent: event.agent,
        attempt: event.attempt,
        ...(event.parentRunId !== undefined && { parentRunId: event.parentRunId }),
      }));
    case 'run.resumed':
      return change(runs, event.runId, (run) => ({ ...run, status: 'running', attempt: event.attempt }));
    case 'run.waiting':
      return change(runs, event.runId, (run) => ({ ...run, status: 'waiting' }));
    case 'run.status':
      return change(runs, event.runId, (run) => ({ ...run, statusText: event.text }));
    case 'run.completed':
      return change(runs, event.runId, ({ statusText: _, ...run }) => ({
        ...run,
        status: 'completed',
        usage: event.usage,
        outcome: event.outcome,
        ...(event.output !== undefined && { output: event.output }),
      }));
    case 'run.failed':
      return change(runs, event.runId, ({ statusText: _, ...run }) => ({
        ...run,
        status: 'failed',
        usage: event.usage,
        error: event.error,
      }));
    case 'run.cancelled':
      return change(runs, event.runId, ({ statusText: _, place: __, ...run }) => ({
        ...run,
        status: 'cancelled',
        usage: event.usage,
        cancelledBy: event.by,
      }));
    default:
      return runs;
  }
}

type RunFields = Omit<RunState, 'id'>;

/** A run that was not heard of yet, because its beginning is before the snapshot, is taken for running. */
function change(runs: Runs, id: string, next: (run: RunFields) => RunFields): Runs {
  const { id: _, ...run } = runs[id] ?? { id, status: 'running' as const };
  return { ...runs, [id]: { id, ...next(run) } };
}
