import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { FileRow } from '../files.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';

/** The thread, when it is there and the caller's. What is another's and what does not exist look the same. */
export function ownThread(queries: Queries, principalId: string, threadId: string): ThreadRow {
  const thread = queries.threads.byId(threadId);
  if (thread === undefined || thread.owner !== principalId) throw new VerbatimError('NOT_FOUND', 'There is no such thread.');
  return thread;
}

export function ownRun(queries: Queries, principalId: string, runId: string): { readonly run: RunRow; readonly thread: ThreadRow } {
  const run = queries.runs.byId(runId);
  const thread = run === undefined ? undefined : queries.threads.byKey(run.thread);
  if (run === undefined || thread === undefined || thread.owner !== principalId)
    throw new VerbatimError('NOT_FOUND', 'There is no such run.');
  return { run, thread };
}

/** The file, when all of it is there and it is the caller's. */
export function findOwnFile(queries: Queries, principalId: string, fileId: string): FileRow | undefined {
  const file = queries.files.byId(fileId);
  return file === undefined || file.owner !== principalId || !file.complete ? undefined : file;
}

export function ownFile(queries: Queries, principalId: string, fileId: string): FileRow {
  const file = findOwnFile(queries, principalId, fileId);
  if (file === undefined) throw noSuchFile();
  return file;
}

export function noSuchFile(details?: { readonly fileId: string }): VerbatimError {
  return new VerbatimError('NOT_FOUND', 'There is no such file.', { details });
}
