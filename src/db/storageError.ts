import type { VerbatimError } from '../protocol/verbatimError.ts';
export function storageError(_cause: unknown): VerbatimError | undefined {
  return undefined;
}
