import { ERROR_CODES, type ErrorCode, type ErrorInfo } from './errorCodes.ts';
import type { Json } from './json.ts';

export interface VerbatimErrorOptions {
  /** Facts a program can use, such as the id of the run that keeps a thread busy. They reach the client. */
  readonly details?: Json | undefined;
  /** What happened underneath. It stays where it is: never sent, only logged. */
  readonly cause?: unknown;
  /** Overrides what the code says. */
  readonly retryable?: boolean | undefined;
}

/** The one error class of Verbatim, on both sides of the wire. `message` is for people and reaches them. */
export class VerbatimError extends Error {
  override readonly name = 'VerbatimError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Json | undefined;

  constructor(code: ErrorCode, message: string, options: VerbatimErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.details = options.details;
  }

  get info(): ErrorInfo {
    return { code: this.code, message: this.message, retryable: this.retryable };
  }
}
