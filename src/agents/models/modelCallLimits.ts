/** What bounds one model call, whatever wire it is made over. Units are in the names. */
export const MODEL_CALL_DEFAULTS = {
  /** From the request to the first byte of its answer, for each attempt. Keep-alive comments are bytes. */
  firstByteTimeoutMs: 30_000,
  /** Between one piece of the answer and the next. */
  idleTimeoutMs: 60_000,
  /** The whole call, with all its attempts and the time the reader takes. */
  callTimeoutMs: 10 * 60_000,
  /** Attempts after the first one. Only before the first chunk, and only for what may pass. */
  maxRetries: 2,
  /** A provider that asks for a longer wait is not asked again. */
  maxRetryAfterMs: 30_000,
  /** All tool calls of one answer, with names and ids. */
  maxToolCallBytes: 1024 * 1024,
  /** What is kept of an answer for the provider alone, such as encrypted reasoning, as JSON. With more, nothing is kept: it only helps. */
  maxProviderStateBytes: 1024 * 1024,
  /** What a tool that the provider carries out says of itself, as JSON. Of more, nothing is told but that it was used. */
  maxHostedToolBytes: 32 * 1024,
} as const;

export type ModelCallLimits = Readonly<Record<keyof typeof MODEL_CALL_DEFAULTS, number>>;
