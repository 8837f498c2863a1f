import { VerbatimError } from 'verbatim-agents/client';
import { strings } from '../strings.ts';

/** The server's errors say what to do; others are the console's own. */
export function errorText(error: unknown): string {
  if (error instanceof VerbatimError) return error.message;
  // As `client.trpc` throws them.
  return error instanceof Error && error.cause instanceof VerbatimError ? error.cause.message : strings.state.failed;
}
