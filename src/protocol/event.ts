import type { ErrorInfo } from './errorCodes.ts';
import type { Json, JsonObject } from './json.ts';
import type { Message } from './message.ts';

/** Tokens of one run or one model call. `estimated` when the provider reported nothing and we counted. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens?: number;
  readonly reasoningTokens?: number;
  readonly estimated?: boolean;
}

/**
 * Why a message of the assistant ended. `stop` and `tool_calls` are the model's own; `length` is a limit of tokens; `filtered` is the
 * provider's refusal; `incomplete` is a stream that ended without saying so; the last two keep the text that was there.
 */
export type FinishReason = 'stop' | 'tool_calls' | 'length' | 'filtered' | 'incomplete' | 'cancelled' | 'failed';

export type DiscardReason = 'interrupted' | 'retried' | 'empty';

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
  | OfRun<'message.received', { messageId: string; agent: string; text: string; metadata?: JsonObject; principalId: string }>
  | OfRun<'message.steered', { messageId: string }>
  | OfRun<'run.queued', { agent: string; place: number; messageId: string }>
  | OfRun<'run.started', { agent: string; attempt: number; parentRunId?: string; parentCallId?: string }>
  | OfRun<'run.resumed', { attempt: number; reason: ResumeReason }>
  | OfRun<'run.waiting', { callIds: readonly string[] }>
  | OfRun<'run.status', { text: string }>
  | OfRun<'run.completed', { usage: Usage; outcome: 'complete' | 'partial'; output?: Json }>
  | OfRun<'run.failed', { error: ErrorInfo; usage: Usage }>
  | OfRun<'run.cancelled', { by: string; usage: Usage }>
  | OfRun<'message.started', { messageId: string; agent: string; step: number }>
  | OfRun<'text.delta', { messageId: string; delta: string }>
  | OfRun<'reasoning.delta', { messageId: string; delta: string }>
  | OfRun<'message.completed', { messageId: string; text: string; finish: FinishReason }>
  | OfRun<'message.discarded', { messageId: string; reason: DiscardReason }>
  | OfRun<'tool.failed', { callId: string; tool: string; error: ErrorInfo; rejected?: RejectedCall }>;

/** `crash`: the process ended without closing. `shutdown`: it was closed in mid-run. `storage`: a write failed, and works again. */
export type ResumeReason = 'crash' | 'shutdown' | 'storage';

export interface ToolCalled<Tool extends string = string, Input = Json> extends Stored {
  readonly type: 'tool.called';
  readonly runId: string;
  readonly callId: string;
  readonly tool: Tool;
  readonly input: Input;
  readonly messageId: string;
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
  /** There are older messages than these: `threads.messages` pages through them. */
  readonly earlier: boolean;
}

/** An event of any application: tool inputs, outputs and data are plain JSON. */
export type AnyEvent = CommonEvent | ToolCalled | ToolProgress | ToolCompleted | DataEvent | ThreadSnapshot;

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
  'run.status',
]);
