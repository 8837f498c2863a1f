import { VerbatimError } from '../protocol/verbatimError.ts';

/** What was caught, as what the hooks show. */
export function asVerbatimError(cause: unknown): VerbatimError {
  return cause instanceof VerbatimError ? cause : new VerbatimError('INTERNAL', 'That did not work.', { cause });
}
