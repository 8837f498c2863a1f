import type { ErrorCode, ErrorInfo } from '../protocol/errorCodes.ts';
import { publicError } from './publicError.ts';

/**
 * What code that is not ours threw: a model, instructions, a custom agent. Whatever it is, it fails the run. Without this an error of another
 * Verbatim server that an agent calls would pass for one of our own store, and the run would wait for a disk that is not full.
 */
export class OutsideFailure extends Error {
  readonly info: ErrorInfo;
  /** What the cause may quote, and logs must not. */
  readonly content: (() => readonly string[]) | undefined;

  constructor(cause: unknown, code: ErrorCode, fallback: string, content?: () => readonly string[]) {
    super(fallback, { cause });
    this.name = 'OutsideFailure';
    this.content = content;
    this.info = publicError(cause, code, fallback);
  }
}
