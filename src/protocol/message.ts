import type { ErrorInfo } from './errorCodes.ts';
import type { FinishReason } from './event.ts';
import type { Json, JsonObject } from './json.ts';

export interface UserMessage {
  readonly id: string;
  readonly role: 'user';
  /** The run it started or was steered into. Absent for an imported or forked message. */
  readonly runId?: string;
  readonly agent?: string;
  readonly text: string;
  readonly metadata?: JsonObject;
  readonly principalId?: string;
  /** `queued` until its run starts or its step takes it; `dropped` when that run ended first. Only `complete` is part of what a model sees. */
  readonly status: 'queued' | 'complete' | 'dropped';
  readonly at: number;
}

export interface AssistantMessage {
  readonly id: string;
  readonly role: 'assistant';
  readonly runId?: string;
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
  readonly status: 'running' | 'completed' | 'failed';
  readonly output?: Json;
  readonly error?: ErrorInfo;
  readonly progress?: Json;
}

/** One turn of a conversation, with its tool calls folded in. */
export type Message = UserMessage | AssistantMessage;
