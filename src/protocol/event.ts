import type { ApprovalStatus, WaitsFor } from './approval.ts';
import type { ErrorInfo } from './errorCodes.ts';
import type { FileRef } from './file.ts';
import type { Json, JsonObject } from './json.ts';
import type { Message } from './message.ts';
import type { RunStatus } from './procedures.ts';

/** Tokens of one run or one model call. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Those of `inputTokens` that the provider had cached. */
  readonly cachedTokens?: number;
  /** Those of `outputTokens` that were reasoning. */
  readonly reasoningTokens?: number;
  /** Counted by us, because the provider reported nothing. */
  readonly estimated?: boolean;
  /** Model calls that were answered from a cache. */
  readonly cachedCalls?: number;
  /** By the prices that the application gave. Absent when any part has no price: what is known is then in `models`. */
  readonly cost?: number;
  /** Of a run: what each model used, child runs included. Absent when there was only one. */
  readonly models?: { readonly [model: string]: Omit<Usage, 'models'> };
}

/**
 * Why a message of the assistant ended. `stop` and `tool_calls` are the model's own; `length` is a limit of tokens; `filtered` is the
 * provider's refusal; `incomplete` is a stream that ended without saying so; the last two keep the text that was there.
 */
export type FinishReason = 'stop' | 'tool_calls' | 'length' | 'filtered' | 'incomplete' | 'cancelled' | 'failed';

/** `stream_cut`: the call is made again. `guardrail`: a guard withdrew it, and its text is gone from the log. */
export type DiscardReason = 'interrupted' | 'retried' | 'empty' | 'stream_cut' | 'guardrail';

/** A tool call the model made with an unknown tool or unusable arguments: it never ran, and there is no `tool.called` for it. */
export interface RejectedCall {
  readonly messageId: string;
  /** The arguments as the model wrote them, valid JSON or not. */
  readonly arguments: string;
}

interface Stored {
  readonly seq: number;
  /** The first seq this delivered event stands for, when that is not `seq` itself: `(firstSeq ?? seq)` is always the previous seq + 1. */
  readonly firstSeq?: number;
  /** Epoch milliseconds by the server's clock. Order is `seq`, never this. */
  readonly at: number;
}

type OfRun<Type extends string, Fields> = Stored & { readonly type: Type; readonly runId: string } & Readonly<Fields>;

/** Events whose shape does not depend on the agents of an application. */
export type CommonEvent =
  | OfRun<
      'message.received',
      {
        messageId: string;
        agent: string;
        text: string;
        metadata?: JsonObject;
        attachments?: readonly FileRef[];
        principalId: string;
      }
    >
  | OfRun<'message.steered', { messageId: string }>
  /** A child run has no message, but a parent. */
  | OfRun<'run.queued', { agent: string; place: number; messageId?: string; parentRunId?: string; parentCallId?: string }>
  | OfRun<'run.started', { agent: string; attempt: number; parentRunId?: string; parentCallId?: string; task?: string }>
  | OfRun<'run.resumed', { attempt: number; reason: ResumeReason }>
  | OfRun<'run.waiting', { callIds: readonly string[] }>
  | OfRun<'run.status', { text: string }>
  | OfRun<'run.completed', { usage: Usage; outcome: 'complete' | 'partial'; output?: Json; children?: readonly ChildOutcome[] }>
  | OfRun<'run.failed', { error: ErrorInfo; usage: Usage }>
  | OfRun<'run.cancelled', { by: string; usage: Usage }>
  | OfRun<'message.started', { messageId: string; agent: string; step: number; parentRunId?: string }>
  | OfRun<'text.delta', { messageId: string; delta: string }>
  | OfRun<'reasoning.delta', { messageId: string; delta: string }>
  | OfRun<'message.completed', { messageId: string; text: string; finish: FinishReason }>
  | OfRun<'message.discarded', { messageId: string; reason: DiscardReason }>
  | OfRun<'tool.failed', { callId: string; tool: string; error: ErrorInfo; rejected?: RejectedCall }>
  /** Off by default: `include: ['tool.input.delta']`. The text of the arguments as the model writes it. */
  | OfRun<'tool.input.delta', { callId: string; tool: string; delta: string }>
  | OfRun<'agent.handoff', { from: string; to: string; reason?: string }>
  | OfRun<'agent.routed', { to: string; reason: string }>
  | OfRun<'model.switched', { from: string; to: string; reason: string }>
  | OfRun<
      'guard.verdict',
      { messageId: string; guard: string; stage: 'input' | 'output'; verdict: 'pass' | 'rewrite' | 'block'; reason?: string }
    >
  /** A tool that the model's provider carried out by itself. */
  | OfRun<'tool.hosted', { messageId: string; id: string; tool: string; status: 'called' | 'completed' | 'failed'; data: Json }>;

/** What came of one of several agents that were asked at once. */
export interface ChildOutcome {
  readonly runId: string;
  readonly agent: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly error?: ErrorInfo;
}

/** `answered`: what it waited for is there. `crash`: the process ended without closing. `shutdown`: it was closed in mid-run. `storage`: a write failed, and works again. */
export type ResumeReason = 'crash' | 'shutdown' | 'storage' | 'answered' | 'stream_cut';

export interface ToolCalled<Tool extends string = string, Input = Json> extends Stored {
  readonly type: 'tool.called';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly input: Input;
  readonly messageId: string;
  /** It is not carried out at once: `client` waits for `toolCalls.submit`, `approval` for a person, `agent` and `agents` for child runs. */
  readonly waitsFor?: WaitsFor;
  /** When a waiting call is given up. */
  readonly expiresAt?: number;
}

export interface ApprovalRequested<Tool extends string = string, Input = Json> extends Stored {
  readonly type: 'approval.requested';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly input: Input;
  readonly expiresAt?: number;
  /** Who may decide: principals with this role. Absent: who may write in the thread. */
  readonly role?: string;
  /** Why a person is asked. */
  readonly question?: string;
}

export interface ApprovalResolved<Tool extends string = string, Input = Json> extends Stored {
  readonly type: 'approval.resolved';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly decision: Exclude<ApprovalStatus, 'pending'>;
  /** The principal who decided; `server` when nobody did. */
  readonly by: string;
  readonly reason?: string;
  /** What a person put in the place of the model's input. */
  readonly input?: Input;
  readonly remember?: 'run' | 'thread';
  /** Of a call that was let through: what it waits for now. */
  readonly waitsFor?: Exclude<WaitsFor, 'approval'>;
  /** When it is given up, if it waits for the client. */
  readonly expiresAt?: number;
}

export interface ToolProgress<Tool extends string = string, Data = Json> extends Stored {
  readonly type: 'tool.progress';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly data: Data;
}

export interface ToolCompleted<Tool extends string = string, Output = Json> extends Stored {
  readonly type: 'tool.completed';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly output: Output;
}

/** A call has completed with a file, or with more than an event may hold: the whole is `file`, `preview` its beginning, or what it is. */
export interface ToolFile<Tool extends string = string> extends Stored {
  readonly type: 'tool.file';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly file: FileRef;
  readonly preview: string;
}

export interface DataEvent<Name extends string = string, Data = Json> extends Stored {
  readonly type: 'data';
  readonly runId: string;
  readonly name: Name;
  readonly data: Data;
}

/** Sent, never stored: what a reader starts from when its cursor is of another epoch or below the floor. `seq` is the position it stands for. */
export interface ThreadSnapshot extends Stored {
  readonly type: 'thread.snapshot';
  readonly messages: readonly Message[];
  readonly activeRunId?: string;
  /** That run, and every run under it, parents before children; where none is at work, the root run of the last message, if it has ended. An older server does not say. */
  readonly runs?: readonly SnapshotRun[];
  /** There are older messages than these: `threads.messages` pages through them. */
  readonly earlier: boolean;
}

/** How a run stood at the position of a snapshot: its events so far are before it. */
export interface SnapshotRun {
  readonly id: string;
  readonly agent: string;
  readonly status: RunStatus;
  readonly attempt: number;
  readonly parentRunId?: string;
  /** The tool call of the parent that asked for it. */
  readonly parentCallId?: string;
  /** The agent that speaks, where another has taken over. */
  readonly currentAgent?: string;
  /** Of one that failed. */
  readonly error?: ErrorInfo;
}

/** An event of any application: tool inputs, outputs and data are plain JSON. */
export type AnyEvent =
  | CommonEvent
  | ToolCalled
  | ApprovalRequested
  | ApprovalResolved
  | ToolProgress
  | ToolCompleted
  | ToolFile
  | DataEvent
  | ThreadSnapshot;

/** What is stored: everything but the snapshot. */
export type StoredEvent = Exclude<AnyEvent, ThreadSnapshot>;

export type EventType = AnyEvent['type'];

/** A stored event before it has a place: the log adds `seq` and `at`. */
export type EventDraft = StoredEvent extends infer E ? (E extends StoredEvent ? Omit<E, 'seq' | 'firstSeq' | 'at'> : never) : never;

/** The last event of every run is one of these, and there is exactly one. */
export const TERMINAL_EVENTS = ['run.completed', 'run.failed', 'run.cancelled'] as const;

export type TerminalEvent = Extract<AnyEvent, { type: (typeof TERMINAL_EVENTS)[number] }>;

export function isTerminalEvent<E extends { readonly type: string }>(event: E): event is E & { type: TerminalEvent['type'] } {
  return event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled';
}

/** What `mode: 'messages'` leaves out. A reader of messages has the whole text from `message.completed`. */
export const FINE_GRAINED_EVENTS: ReadonlySet<string> = new Set<EventType>([
  'text.delta',
  'reasoning.delta',
  'tool.progress',
  'tool.input.delta',
  'run.status',
]);

/** What a watch leaves out unless its `include` names it. */
export const OPT_IN_EVENTS = ['tool.input.delta'] as const satisfies readonly EventType[];

export type OptInEvent = (typeof OPT_IN_EVENTS)[number];
