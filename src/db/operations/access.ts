import { quotaFull } from '../../protocol/limitError.ts';
import type { May } from '../../protocol/policy.ts';
import { ownerOf, type Principal } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { FileRow } from '../files.ts';
import type { Tx } from '../groupCommit.ts';
import type { Queries } from '../queries.ts';
import type { RunRow } from '../runs.ts';
import type { ThreadRow } from '../threads.ts';

/** By what a caller's authority is decided. A transaction is one, and so are the store's parts. */
export interface Authority {
  readonly queries: Queries;
  readonly may: May;
  readonly now: number;
}

export type ThreadAction = 'read' | 'write' | 'manage';

/** The thread, when the caller may do this with it. One that it may not even read looks like one that does not exist; else `NOT_ALLOWED`. */
export function openThread(authority: Authority, principal: Principal, threadId: string, action: ThreadAction): ThreadRow {
  return allowed(authority, principal, { thread: authority.queries.threads.byId(threadId), action, what: 'thread' });
}

export function openRun(
  authority: Authority,
  principal: Principal,
  runId: string,
  action: ThreadAction,
): { readonly run: RunRow; readonly thread: ThreadRow } {
  const run = authority.queries.runs.byId(runId);
  const thread = threadOf(authority, principal, { key: run?.thread, action, what: 'run' });
  if (run === undefined) throw noSuch('run');
  return { run, thread };
}

/** The thread that something is in. */
export function threadOf(
  authority: Authority,
  principal: Principal,
  { key, action, what }: { readonly key: number | undefined; readonly action: ThreadAction; readonly what: string },
): ThreadRow {
  return allowed(authority, principal, { thread: key === undefined ? undefined : authority.queries.threads.byKey(key), action, what });
}

function allowed(
  authority: Authority,
  principal: Principal,
  { thread, action, what }: { readonly thread: ThreadRow | undefined; readonly action: ThreadAction; readonly what: string },
): ThreadRow {
  if (thread === undefined || !mayWith(authority, principal, thread, 'read')) throw noSuch(what);
  if (action !== 'read' && !mayWith(authority, principal, thread, action)) {
    throw new VerbatimError(
      'NOT_ALLOWED',
      `You may read the thread of this ${what}, but not ${action === 'write' ? 'write in' : 'change'} it.`,
    );
  }
  return thread;
}

/** Whether the caller may do this with the thread, as things are now. */
export function mayWith({ queries, may, now }: Authority, principal: Principal, thread: ThreadRow, action: ThreadAction): boolean {
  const owned = thread.owner === ownerOf(principal);
  const shared = owned ? undefined : queries.shares.accessOf(thread.key, principal, now);
  return may({
    principal,
    action,
    resource: { kind: 'thread', id: thread.id, owned, tenant: thread.tenant ?? undefined, shared },
  });
}

export function assertMayCreate({ may, queries, limitsOf }: Pick<Tx, 'may' | 'queries' | 'limitsOf'>, principal: Principal): void {
  if (!may({ principal, action: 'create', resource: { kind: 'threads' } }))
    throw new VerbatimError('NOT_ALLOWED', 'You may not begin a thread.');
  const { maxThreadsPerPrincipal: max } = limitsOf(principal);
  if (!Number.isFinite(max) || queries.threads.count(ownerOf(principal)) < max) return;
  throw quotaFull(`You may have ${max} threads. Delete some first.`, { limit: 'maxThreadsPerPrincipal', max });
}

export function noSuch(what: string): VerbatimError {
  return new VerbatimError('NOT_FOUND', `There is no such ${what}.`);
}

/** The file, when all of it is there and it is the caller's. */
export function findOwnFile(queries: Queries, principal: Principal, fileId: string): FileRow | undefined {
  const file = queries.files.byId(fileId);
  return file === undefined || file.owner !== ownerOf(principal) || !file.complete ? undefined : file;
}

export function ownFile(queries: Queries, principal: Principal, fileId: string): FileRow {
  const file = findOwnFile(queries, principal, fileId);
  if (file === undefined) throw noSuchFile();
  return file;
}

export function noSuchFile(details?: { readonly fileId: string }): VerbatimError {
  return new VerbatimError('NOT_FOUND', 'There is no such file.', { details });
}
