/**
 * What real servers do wrong, each by a name. Not all have a meaning on the Responses API; there, what is said of tool calls is said of items. Given for the whole server or for one step; the step's own win.
 * A quirk of failure (`status`, `neverAnswer`, ...) takes a step of the script, since a provider that fails has been asked.
 */
export interface ModelServerQuirks {
  /** Tool calls come without `index`. */
  readonly missingToolIndex?: boolean;
  /** Every tool call has index 0. */
  readonly zeroToolIndex?: boolean;
  /** Each two tool calls share an index: 0, 0, 1, 1. */
  readonly repeatedToolIndex?: boolean;
  /** Tool calls come without `id`. */
  readonly missingToolId?: boolean;
  /** `id` and `name` come again with every piece of the arguments. */
  readonly repeatedToolHead?: boolean;
  /** Each tool call comes whole, in one piece. */
  readonly wholeToolCalls?: boolean;
  /** The arguments are sent as an object instead of as its JSON text. */
  readonly argumentsAsObject?: boolean;
  /** Chunks whose `choices` is empty come in between. */
  readonly emptyChoices?: boolean;
  /** Chunks whose choice has no `delta` come in between, and the last one has none. */
  readonly noDelta?: boolean;
  /** No chunk says why the model ended. */
  readonly noFinishReason?: boolean;
  /** The end of a turn with tool calls says `stop`. */
  readonly stopWithToolCalls?: boolean;
  /** The last tool call breaks off in the middle of its arguments, with `length`. */
  readonly lengthInArguments?: boolean;
  /** A request with `stream_options` is refused with this status. It takes no step of the script. */
  readonly rejectStreamOptions?: 400 | 422;
  /** A request with one of these fields, at its top level, is refused with a 400 that names it. It takes no step of the script. */
  readonly rejectFields?: readonly string[];
  /** Encrypted reasoning in a request is refused, as if another organisation had got it. It takes no step of the script. */
  readonly rejectEncrypted?: boolean;
  /** The usage is not reported. */
  readonly noUsage?: boolean;
  /** A comment comes before every event. */
  readonly keepAliveComments?: boolean;
  /** The stream ends without `[DONE]`. */
  readonly noDone?: boolean;
  /** The stream ends in the middle of an event, after all that the turn has to say. */
  readonly tornEnd?: boolean;
  /** The stream stays open after `[DONE]`. */
  readonly openAfterDone?: boolean;
  /** Lines end with CR LF. */
  readonly crlf?: boolean;
  /** Every byte is a write of its own, so that characters are cut. */
  readonly splitBytes?: boolean;
  /** The answer is one JSON document although a stream was asked for. */
  readonly notStreamed?: boolean;
  /** A page of HTML with this status: what a proxy in between says. */
  readonly htmlError?: number;
  /** An error in OpenAI's form with this status. */
  readonly status?: number;
  /** `error.code` of the error that `status` or `inStreamError` sends. */
  readonly errorCode?: string;
  /** The `Retry-After` header of the error that `status` sends. */
  readonly retryAfter?: string;
  /** The body of the error that `status` sends never ends. */
  readonly endlessErrorBody?: boolean;
  /** The connection is closed in the place of an answer. */
  readonly hangUp?: boolean;
  /** The request is read, and nothing is ever sent. */
  readonly neverAnswer?: boolean;
  /** The connection is cut after so many chunks. */
  readonly cutAfterChunks?: number;
  /** Nothing more comes after so many chunks, and the connection stays open. */
  readonly silentAfterChunks?: number;
  /** An error comes in the stream after so many chunks, as OpenRouter sends it. */
  readonly inStreamErrorAfterChunks?: number;
  /** The data of an event, after so many chunks, is no JSON. */
  readonly garbageAfterChunks?: number;
  /** The text, the arguments of a tool call, one line, or the comments never end. */
  readonly endless?: 'text' | 'arguments' | 'line' | 'comments';
  /** The field that reasoning comes in. Default `reasoning_content`. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'both';
  /** The model refuses, in these words. */
  readonly refusal?: string;
}
