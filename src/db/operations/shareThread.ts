import { ownerOf } from '../../protocol/principal.ts';
import type { ShareAccess, ShareInfo } from '../../protocol/share.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import type { ShareRow } from '../shares.ts';
import type { ThreadRow } from '../threads.ts';
import { userName } from '../userName.ts';
import { noSuch, openThread } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { type Command, once } from './command.ts';
import { shareInfo } from './views.ts';

/** Which principals are in the database: users, and whom keys are of. */
export type KnownPrincipals = 'none' | 'some' | 'all';

export interface ShareInput {
  readonly command: Command;
  readonly threadId: string;
  /** The id of a principal of the thread's tenant or the name of a user of it, or the SHA-256 of a link's secret. */
  readonly to: { readonly principalId: string; readonly known: KnownPrincipals } | { readonly secretHash: string };
  readonly access: ShareAccess;
  readonly expiresInMs: number | undefined;
  readonly maxShares: number;
}

/**
 * Shares a thread. With a principal that has a share of its own already, that one changes. When the command comes again, a link's secret is
 * replaced: the one that was told first was lost with its answer, and is stored nowhere. Throws `BAD_INPUT`, with `unknown` in its details, where all
 * principals are known and this is none.
 */
export function shareThread(tx: Tx, input: ShareInput): ShareInfo {
  const { command, threadId, to } = input;
  const { answer, again } = once(tx, command, () => {
    const thread = openThread(tx, command.principal, threadId, 'manage');
    const whom = 'secretHash' in to ? undefined : principalIn(tx, thread, to);
    const row =
      'secretHash' in to
        ? addShare(tx, thread, input, { owner: null, secretHash: to.secretHash })
        : shareWith(tx, thread, input, whom ?? '');
    const { id, access, expiresAt } = row;
    const details = { share: id, access, ...(whom === undefined ? { link: true } : { with: whom }), expiresAt };
    const { principal, origin } = command;
    appendAudit(tx, { actor: ownerOf(principal), action: 'threads.share', target: threadId, outcome: 'ok', origin, details });
    return shareInfo(tx.queries, row, threadId);
  });
  if (!again || !('secretHash' in to)) return answer;
  openThread(tx, command.principal, threadId, 'manage');
  const row = tx.queries.shares.byId(answer.id);
  if (row === undefined) throw noSuch('share');
  tx.queries.shares.set(row.key, { secretHash: to.secretHash });
  return answer;
}

/** A user of the thread's tenant has a name besides its id; an id goes before a name. */
function principalIn(
  { queries }: Tx,
  { tenant }: ThreadRow,
  { principalId: given, known }: { readonly principalId: string; readonly known: KnownPrincipals },
): string {
  if (known === 'none' || queries.users.byId(given)?.tenant === tenant) return given;
  const named = queries.users.byName(userName(given) ?? '');
  if (named?.tenant === tenant) return named.id;
  if (known === 'some' || queries.apiKeys.page({ principalId: given, limit: 100 }).some((key) => key.tenant === tenant)) return given;
  const message = 'There is nobody here of this name or id.';
  throw new VerbatimError('BAD_INPUT', message, { details: { issues: [{ path: 'with', message }], unknown: true } });
}

function shareWith(tx: Tx, thread: ThreadRow, input: ShareInput, principalId: string): ShareRow {
  // A principal sees nothing of another tenant's: whoever this is, it is one of the thread's.
  const owner = ownerOf({ id: principalId, ...(thread.tenant !== null && { tenant: thread.tenant }) });
  if (owner === thread.owner) throw new VerbatimError('BAD_INPUT', 'This thread is theirs already.');
  const own = tx.queries.shares.ofThread(thread.key, tx.now).find((row) => row.owner === owner && row.link === null);
  if (own === undefined) return addShare(tx, thread, input, { owner, secretHash: null });
  const change = { access: input.access, expiresAt: expiryOf(tx, input) };
  tx.queries.shares.set(own.key, change);
  return { ...own, ...change };
}

/** One more share of a thread, by its owner key or by a link's secret. Throws `BAD_INPUT` when it has as many as it may have. */
export function addShare(
  tx: Tx,
  thread: ThreadRow,
  input: Pick<ShareInput, 'command' | 'access' | 'expiresInMs' | 'maxShares'>,
  to: Pick<ShareRow, 'owner' | 'secretHash'> & Partial<Pick<ShareRow, 'link' | 'expiresAt'>>,
): ShareRow {
  const { shares } = tx.queries;
  if (shares.ofThread(thread.key, tx.now).length >= input.maxShares) {
    throw new VerbatimError('BAD_INPUT', `This thread has ${input.maxShares} shares, which is all it may have. Remove some first.`, {
      details: { limit: 'maxSharesPerThread', max: input.maxShares },
    });
  }
  return shares.insert({
    id: newId('shr'),
    thread: thread.key,
    access: input.access,
    link: null,
    expiresAt: expiryOf(tx, input),
    createdAt: tx.now,
    createdBy: input.command.principal.id,
    ...to,
  });
}

function expiryOf({ now }: Tx, { expiresInMs }: Pick<ShareInput, 'expiresInMs'>): number | null {
  return expiresInMs === undefined ? null : now + expiresInMs;
}
