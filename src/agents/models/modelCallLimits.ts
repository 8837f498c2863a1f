import { RESILIENCE_DEFAULTS } from './resilience.ts';

/** What bounds one model call, whatever wire it is made over. Units are in the names. */
export const MODEL_CALL_DEFAULTS = {
  /** A sign of an answer is a byte of it, where the wire shows bytes: keep-alive comments are bytes. */
  ...RESILIENCE_DEFAULTS,
  /** All tool calls of one answer, with names and ids. */
  maxToolCallBytes: 1024 * 1024,
  /** What is kept of an answer for the provider alone, such as encrypted reasoning, as JSON. With more, nothing is kept: it only helps. */
  maxProviderStateBytes: 1024 * 1024,
  /** What a tool that the provider carries out says of itself, as JSON. Of more, nothing is told but that it was used. */
  maxHostedToolBytes: 32 * 1024,
} as const;

export type ModelCallLimits = Readonly<Record<keyof typeof MODEL_CALL_DEFAULTS, number>>;
