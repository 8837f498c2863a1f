import { quotaFull } from '../../protocol/limitError.ts';
import type { May, ThreadResource } from '../../protocol/policy.ts';
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

/** To be asked of a thread that the caller may read. Throws `NOT_ALLOWED`. */
export function assertMayInspect(authority: Authority, principal: Principal, thread: ThreadRow): void {
  if (authority.may({ principal, action: 'inspect', resource: resourceOf(authority, principal, thread) })) return;
  throw new VerbatimError('NOT_ALLOWED', 'You may not see what models were sent in this thread.');
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
  // Nobody's: it was given up, and what is left of it is being removed.
  const isGone = thread === undefined || thread.owner === '';
  if (isGone || !mayWith(authority, principal, thread, 'read')) throw noSuch(what);
  if (action !== 'read' && !mayWith(authority, principal, thread, action)) {
    throw new VerbatimError(
      'NOT_ALLOWED',
      `You may read ${what === 'thread' ? 'this thread' : `the thread of this ${what}`}, but not ${action === 'write' ? 'write in' : 'change'} it.`,
    );
  }
  return thread;
}

/** Whether the caller may do this with the thread, as things are now. */
export function mayWith(authority: Authority, principal: Principal, thread: ThreadRow, action: ThreadAction): boolean {
  return authority.may({ principal, action, resource: resourceOf(authority, principal, thread) });
}

/** The thread, and what the caller is to it now. */
export function resourceOf({ queries, now }: Authority, principal: Principal, { key, id, owner, tenant }: ThreadRow): ThreadResource {
  const owned = owner === ownerOf(principal);
  const shared = owned ? undefined : queries.shares.accessOf(key, principal, now);
  return { kind: 'thread', id, owned, tenant: tenant ?? undefined, shared };
}

/** Those of others: of the caller's tenant, or all when it has none. */
export function assertMayList({ may }: Pick<Authority, 'may'>, principal: Principal): void {
  if (may({ principal, action: 'list', resource: { kind: 'threads', tenant: principal.tenant } })) return;
  throw new VerbatimError('NOT_ALLOWED', 'You may not list the threads of others.');
}

export function assertMayCreate(
  { may, queries, limitsOf }: Pick<Tx, 'may' | 'queries' | 'limitsOf'>,
  principal: Principal,
  kind: 'threads' | 'files' = 'threads',
): void {
  if (!may({ principal, action: 'create', resource: { kind } })) {
    throw new VerbatimError('NOT_ALLOWED', kind === 'threads' ? 'You may not begin a thread.' : 'You may not keep files here.');
  }
  if (kind === 'files') return;
  const { maxThreadsPerPrincipal: max } = limitsOf(principal);
  if (!Number.isFinite(max) || queries.threads.hasRoom(ownerOf(principal), max)) return;
  throw quotaFull(`You may have ${max} threads. Delete some first.`, { limit: 'maxThreadsPerPrincipal', max });
}

export function noSuch(what: string): VerbatimError {
  return new VerbatimError('NOT_FOUND', `There is no such ${what}.`);
}

/** The file, when all of it is there and it is the caller's. */
export function ownFile(queries: Queries, principal: Principal, fileId: string): FileRow {
  const file = queries.files.byId(fileId);
  if (file?.complete !== true || file.owner !== ownerOf(principal)) throw noSuchFile();
  return file;
}

/** The file, when all of it is there and it is the caller's, or some message or call of a thread that the caller may read refers to it. */
export function findFile(authority: Authority, principal: Principal, fileId: string): FileRow | undefined {
  const { queries, now } = authority;
  const file = queries.files.byId(fileId);
  if (file?.complete !== true) return undefined;
  const owner = ownerOf(principal);
  if (file.owner === owner) return file;
  const maySee = queries.files.usedIn(file, { owner, share: principal.share, now }).some((key) => {
    const thread = queries.threads.byKey(key);
    return thread !== undefined && mayWith(authority, principal, thread, 'read');
  });
  return maySee ? file : undefined;
}

export function noSuchFile(details?: { readonly fileId: string }): VerbatimError {
  return new VerbatimError('NOT_FOUND', 'There is no such file.', { details });
}
