import { VerbatimError } from 'verbatim-agents/client';
import { strings } from '../strings.ts';

/** The server's errors say what to do; others are the console's own. */
export function errorText(error: unknown): string {
  return error instanceof VerbatimError ? error.message : strings.state.failed;
}
