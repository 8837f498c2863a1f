import type { ErrorInfo } from '../protocol/errorCodes.ts';
import type { AnyEvent, ChildOutcome, ThreadSnapshot, Usage } from '../protocol/event.ts';
import { foldEvent } from '../protocol/foldEvent.ts';
import type { Json } from '../protocol/json.ts';
import type { Message } from '../protocol/message.ts';
import type { RunStatus } from '../protocol/procedures.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { foldRemarks, type RunRemark } from './remarks.ts';

export interface RunState {
  readonly id: string;
  readonly status: RunStatus;
  /** Absent for a run of which a snapshot has messages only. */
  readonly agent?: string;
  readonly attempt?: number;
  /** Of a queued run: how many are before it, as last heard. */
  readonly place?: number;
  /** What an open run says it is doing. */
  readonly statusText?: string;
  readonly parentRunId?: string;
  /** The tool call of the parent that asked for it. */
  readonly parentCallId?: string;
  /** What a child run was asked. */
  readonly task?: string;
  /** The agent that speaks now, once another has taken over. */
  readonly currentAgent?: string;
  /** Runs under it, in the order in which they were asked for. */
  readonly children: readonly string[];
  /** Of a child run: what it has said. A root run's are those of the thread. */
  readonly messages: readonly Message[];
  /** What happened besides, since the beginning or the last snapshot: handoffs, data parts, verdicts of guards and the like. */
  readonly remarks: readonly RunRemark[];
  /** Calls that it waits for. */
  readonly waitingFor?: readonly string[];
  /** Of an ended run. */
  readonly usage?: Usage;
  /** Of a run that asked several agents at once. */
  readonly outcomes?: readonly ChildOutcome[];
  readonly outcome?: 'complete' | 'partial';
  readonly output?: Json;
  readonly error?: ErrorInfo;
  readonly cancelledBy?: string;
}

/** A thread as a front end shows it. */
export interface ThreadState {
  /** Everything up to here is in it. */
  readonly seq: number;
  /** The conversation. What child runs say is with them, in `runs`. */
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
  const runs = foldChild(reduceRuns(state.runs, event), event);
  const isChild = isOfChild(runs, event);
  const messages = isChild ? state.messages : foldEvent(state.messages, event);
  const active = reduceActive(activeRunId, event);
  return {
    ...rest,
    seq: event.seq,
    messages,
    runs: addRemark(runs, event, isChild ? (runs[event.runId]?.messages ?? []) : messages),
    data: event.type === 'data' ? { ...state.data, [event.name]: event.data } : state.data,
    ...(active !== undefined && { activeRunId: active }),
  };
}

function startFrom({ seq, messages, earlier, activeRunId, runs: told = [] }: ThreadSnapshot): ThreadState {
  const own = messages.filter((message) => parentOf(message) === undefined);
  let runs: Runs = {};
  if (activeRunId !== undefined) runs = change(runs, activeRunId, (run) => run);
  for (const { id, parentRunId, parentCallId, ...known } of told) {
    const waitingFor = known.status === 'waiting' ? callsWaitedFor(messages, id) : [];
    runs = change(runs, id, (run) => ({ ...run, ...known, ...(waitingFor.length > 0 && { waitingFor }) }));
    if (parentRunId !== undefined) runs = adopt(runs, id, { parentRunId, ...(parentCallId !== undefined && { parentCallId }) });
  }
  for (const message of messages) {
    const parentRunId = parentOf(message);
    if (parentRunId === undefined || message.runId === undefined) continue;
    runs = adopt(runs, message.runId, { parentRunId });
    runs = change(runs, message.runId, (run) => ({ ...run, messages: [...run.messages, message] }));
  }
  return { ...emptyThread, seq, messages: own, earlier, runs, ...(activeRunId !== undefined && { activeRunId }) };
}

const parentOf = (message: Message): string | undefined => (message.role === 'assistant' ? message.parentRunId : undefined);

function callsWaitedFor(messages: readonly Message[], runId: string): readonly string[] {
  const calls = messages.flatMap((message) => (message.role === 'assistant' && message.runId === runId ? message.toolCalls : []));
  return calls.flatMap(({ callId, status }) => (status === 'waiting' ? [callId] : []));
}

/** A child's messages are its own, and no part of the conversation. */
function isOfChild(runs: Runs, event: AnyEvent): boolean {
  return 'runId' in event && runs[event.runId]?.parentRunId !== undefined;
}

/** Hangs a run under its parent. */
function adopt(
  runs: Runs,
  id: string,
  fields: { readonly parentRunId: string; readonly parentCallId?: string; readonly task?: string },
): Runs {
  const { parentRunId, parentCallId, task } = fields;
  const withChild = change(runs, id, (run) => ({
    ...run,
    parentRunId,
    ...(parentCallId !== undefined && { parentCallId }),
    ...(task !== undefined && { task }),
  }));
  return change(withChild, parentRunId, (run) => (run.children.includes(id) ? run : { ...run, children: [...run.children, id] }));
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

/** What a child run says is folded into it. */
function foldChild(runs: Runs, event: AnyEvent): Runs {
  if (event.type === 'thread.snapshot' || !isOfChild(runs, event)) return runs;
  const { messages } = runs[event.runId] ?? { messages: [] };
  const folded = foldEvent(messages, event);
  return folded === messages ? runs : change(runs, event.runId, (run) => ({ ...run, messages: folded }));
}

function addRemark(runs: Runs, event: Exclude<AnyEvent, ThreadSnapshot>, messages: readonly Message[]): Runs {
  const { remarks } = runs[event.runId] ?? { remarks: [] };
  const folded = foldRemarks(remarks, event, messages);
  return folded === remarks ? runs : change(runs, event.runId, (run) => ({ ...run, remarks: folded }));
}

function reduceRuns(runs: Runs, event: AnyEvent): Runs {
  switch (event.type) {
    case 'run.queued': {
      const queued = change(runs, event.runId, (run) => ({ ...run, status: 'queued', agent: event.agent, place: event.place }));
      const { parentRunId, parentCallId } = event;
      return parentRunId === undefined
        ? queued
        : adopt(queued, event.runId, { parentRunId, ...(parentCallId !== undefined && { parentCallId }) });
    }
    case 'run.started': {
      const started = change(runs, event.runId, ({ place: _, ...run }) => ({
        ...run,
        status: 'running',
        agent: event.agent,
        attempt: event.attempt,
      }));
      const { parentRunId, parentCallId, task } = event;
      if (parentRunId === undefined) return started;
      return adopt(started, event.runId, {
        parentRunId,
        ...(parentCallId !== undefined && { parentCallId }),
        ...(task !== undefined && { task }),
      });
    }
    case 'message.started':
      // Of a child that began before a snapshot.
      return event.parentRunId === undefined ? runs : adopt(runs, event.runId, { parentRunId: event.parentRunId });
    case 'agent.handoff':
    case 'agent.routed':
      return change(runs, event.runId, (run) => ({ ...run, currentAgent: event.to }));
    case 'run.resumed':
      return change(runs, event.runId, ({ waitingFor: _, ...run }) => ({ ...run, status: 'running', attempt: event.attempt }));
    case 'run.waiting':
      return change(runs, event.runId, (run) => ({ ...run, status: 'waiting', waitingFor: event.callIds }));
    case 'run.status':
      return change(runs, event.runId, (run) => ({ ...run, statusText: event.text }));
    case 'run.completed':
      return change(runs, event.runId, ({ statusText: _, waitingFor: __, ...run }) => ({
        ...run,
        status: 'completed',
        usage: event.usage,
        outcome: event.outcome,
        ...(event.output !== undefined && { output: event.output }),
        ...(event.children !== undefined && { outcomes: event.children }),
      }));
    case 'run.failed':
      return change(runs, event.runId, ({ statusText: _, waitingFor: __, ...run }) => ({
        ...run,
        status: 'failed',
        usage: event.usage,
        error: event.error,
      }));
    case 'run.cancelled':
      return change(runs, event.runId, ({ statusText: _, place: __, waitingFor: ___, ...run }) => ({
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
  const { id: _, ...run } = runs[id] ?? { id, status: 'running' as const, children: [], messages: [], remarks: [] };
  return { ...runs, [id]: { id, ...next(run) } };
}
