import type { FinishReason, Usage } from '../protocol/event.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { ModelObserver } from '../protocol/observer.ts';
import type { ProviderState } from '../protocol/providerState.ts';

/** A turn as models take it. Every `toolCalls` entry is answered by exactly one `tool` message before the next turn (P8). */
export type ModelMessage =
  | { readonly role: 'user'; readonly text: string; readonly attachments?: readonly ModelAttachment[] }
  | {
      readonly role: 'assistant';
      readonly text: string;
      readonly toolCalls: readonly ModelToolCall[];
      /** What the provider gave with this answer. An adapter takes only its own. */
      readonly providerState?: ProviderState;
    }
  | { readonly role: 'tool'; readonly callId: string; readonly tool: string; readonly output: Json; readonly isError: boolean };

export interface ModelAttachment {
  readonly name: string | undefined;
  /** Media type, such as `image/png`. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

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
  /** Asks the provider to hold the model to the schema, where it can. */
  readonly strict?: boolean;
}

export interface ModelOptions {
  readonly temperature?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

/** An answer that is to be JSON. */
export interface ModelOutput {
  readonly name: string;
  readonly schema: JsonObject;
}

export interface ModelRequest {
  /** The system prompt; empty for none. */
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  readonly options: ModelOptions;
  /** The final answer is JSON of this schema. An adapter that cannot hold its model to it leaves it out: the run loop asks in words, and checks. */
  readonly output?: ModelOutput;
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
  /** Arguments as they are written. `index` is the call's place in `finish.toolCalls`; a call that is left out there never happened. */
  | { readonly type: 'tool_input'; readonly index: number; readonly tool: string; readonly delta: string }
  /** A tool that the provider carries out by itself, such as a web search. Told twice: when it begins, and with its outcome. */
  | {
      readonly type: 'hosted_tool';
      readonly id: string;
      readonly tool: string;
      readonly status: 'called' | 'completed' | 'failed';
      readonly data: Json;
    }
  /** Another model speaks from here on. Before the first visible chunk, or between calls. */
  | { readonly type: 'switched'; readonly from: string; readonly to: string; readonly reason: string }
  | {
      readonly type: 'finish';
      readonly finish: Exclude<FinishReason, 'cancelled' | 'failed'>;
      /** Whole calls only: a call cut short by `length` or by the end of the stream is left out. */
      readonly toolCalls: readonly RequestedCall[];
      /** Absent when the provider reported none. */
      readonly usage?: Usage | undefined;
      readonly providerState?: ProviderState | undefined;
    };

export interface ModelCallOptions {
  /** Aborts the call. The stream then ends by throwing the signal's reason, promptly. */
  readonly signal: AbortSignal;
  /** Whose call it is: what is kept of an answer for one principal is never given to another. Absent outside of runs. */
  readonly caller?: ModelCaller | undefined;
  /** Told of retries, circuits and caches. A model that calls another passes it on. */
  readonly observer?: ModelObserver | undefined;
}

export interface ModelCaller {
  /** The answer is wanted anew, as by `runs.retry`: a cache gives none, and keeps the new one. */
  readonly fresh?: boolean;
  readonly principalId: string;
  readonly threadId: string;
  readonly runId: string;
}

/** A provider that a model's calls go to. */
export interface ModelEndpoint {
  /** Without credentials. */
  readonly url: string;
  /** Makes one small request that asks no model anything. Resolves to what was answered, whatever that was; rejects when nothing was. */
  ping(signal: AbortSignal): Promise<{ readonly status: number; readonly date: string | undefined }>;
}

/**
 * A language model. `stream` makes one call; it throws `VerbatimError` with a `MODEL_*` code, a sentence for people without key, URL or
 * address, `retryable`, and what happened as `cause`. It retries by itself only before its first chunk.
 */
export interface Model {
  /** For records and usage, such as `gpt-5-mini`. */
  readonly name: string;
  /** The names of those that answer where it cannot, in their order. */
  readonly standIns?: readonly string[];
  /** Whether `request.output` is held to by the provider. Default: false, and the run loop asks for JSON in words. */
  readonly structuredOutput?: boolean;
  /** Media types of attachments that it takes, such as `image/*`; others reach it as a line of text that names the file. Default: none. */
  readonly attachments?: readonly string[];
  stream(request: ModelRequest, options: ModelCallOptions): AsyncIterable<ModelChunk>;
  /** Where its calls go, so that an operator can see whether anybody answers there. Default: nobody knows. */
  readonly endpoints?: readonly ModelEndpoint[];
  /** Frees what the model holds open, such as sockets. It may be called more than once, and the model may be used again after it. */
  close?(): Promise<void>;
}
