import type { ApprovalStatus, WaitsFor } from './approval.ts';
import type { ErrorInfo } from './errorCodes.ts';
import type { FinishReason } from './event.ts';
import type { FileRef } from './file.ts';
import type { Json, JsonObject } from './json.ts';

export interface UserMessage {
  readonly id: string;
  readonly role: 'user';
  /** The run it started or was steered into. Absent for an imported or forked message. */
  readonly runId?: string;
  readonly agent?: string;
  readonly text: string;
  readonly metadata?: JsonObject;
  readonly attachments?: readonly FileRef[];
  readonly principalId?: string;
  /** `queued` until its run starts or its step takes it; `dropped` when that run ended first. Only `complete` is part of what a model sees. */
  readonly status: 'queued' | 'complete' | 'dropped';
  readonly at: number;
}

export interface AssistantMessage {
  readonly id: string;
  readonly role: 'assistant';
  readonly runId?: string;
  /** It is a child run's: part of how an answer came about, and not of the conversation. */
  readonly parentRunId?: string;
  readonly agent?: string;
  readonly text: string;
  readonly reasoning?: string;
  readonly status: 'streaming' | 'complete' | 'discarded';
  readonly finish?: FinishReason;
  readonly toolCalls: readonly ToolCall[];
  readonly at: number;
}

/** A tool call and its outcome, in the message that asked for it. The order is the model's. */
export interface ToolCall {
  readonly callId: string;
  readonly tool: string;
  /** Absent when the arguments were unusable; then `rejected` holds them as the model wrote them, and `status` is `failed`. */
  readonly input?: Json;
  readonly rejected?: string;
  readonly status: 'waiting' | 'running' | 'completed' | 'failed';
  /** What it waits for, or waited for, when it is not carried out at once. */
  readonly waitsFor?: WaitsFor;
  readonly expiresAt?: number;
  readonly approval?: ToolApproval;
  /** What a person made of `input`: the call was made with it. */
  readonly editedInput?: Json;
  /** Of a call whose result is `file`: the preview, as text. */
  readonly output?: Json;
  readonly file?: FileRef;
  readonly error?: ErrorInfo;
  readonly progress?: Json;
}

/** One turn of a conversation, with its tool calls folded in. */
export type Message = UserMessage | AssistantMessage;

/** How the question whether a call may be made stands. */
export interface ToolApproval {
  readonly status: ApprovalStatus;
  readonly role?: string;
  readonly question?: string;
  readonly by?: string;
  readonly reason?: string;
}
