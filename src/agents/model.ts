import type { FinishReason, Usage } from '../protocol/event.ts';
import type { Json, JsonObject } from '../protocol/json.ts';

/** A turn as models take it. Every `toolCalls` entry is answered by exactly one `tool` message before the next turn (P8). */
export type ModelMessage =
  | { readonly role: 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly tool: string; readonly output: Json; readonly isError: boolean };

export interface ModelToolCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: Json;
}

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly inputSchema: JsonObject;
}

export interface ModelOptions {
  readonly temperature?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

export interface ModelRequest {
  /** The system prompt; empty for none. */
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  readonly options: ModelOptions;
}

/**
 * What a model asked for. `arguments` is the text as the model wrote it, whole: the run loop parses and validates it, and tells the model
 * when it is unusable. Ids are not part of it: Verbatim gives every call its own.
 */
export interface RequestedCall {
  readonly tool: string;
  readonly arguments: string;
}

/** `finish` comes exactly once and last. Deltas are never empty. */
export type ModelChunk =
  | { readonly type: 'text'; readonly delta: string }
  | { readonly type: 'reasoning'; readonly delta: string }
  | {
      readonly type: 'finish';
      readonly finish: Exclude<FinishReason, 'cancelled' | 'failed'>;
      /** Whole calls only: a call cut short by `length` or by the end of the stream is left out. */
      readonly toolCalls: readonly RequestedCall[];
      /** Absent when the provider reported none. */
      readonly usage?: Usage | undefined;
    };

export interface ModelCallOptions {
  /** Aborts the call. The stream then ends by throwing the signal's reason, promptly. */
  readonly signal: AbortSignal;
}

/**
 * A language model. `stream` makes one call; it throws `VerbatimError` with a `MODEL_*` code, a sentence for people without key, URL or
 * address, `retryable`, and what happened as `cause`. It retries by itself only before its first chunk.
 */
export interface Model {
  /** For records and usage, such as `gpt-5-mini`. */
  readonly name: string;
  stream(request: ModelRequest, options: ModelCallOptions): AsyncIterable<ModelChunk>;
  /** Frees what the model holds open, such as sockets. It may be called more than once, and the model may be used again after it. */
  close?(): Promise<void>;
}
