import { ownerOf } from '../../protocol/principal.ts';
import type { ShareInfo } from '../../protocol/share.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Tx } from '../groupCommit.ts';
import type { ShareRow } from '../shares.ts';
import type { ThreadRow } from '../threads.ts';
import { type Authority, noSuch } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { type Command, once } from './command.ts';
import { addShare } from './shareThread.ts';
import { shareInfo } from './views.ts';

export interface ClaimInput {
  readonly command: Command;
  readonly secretHash: string;
  readonly maxShares: number;
}

/** The link with this secret, and its thread. `NOT_FOUND` for one that is not there, was taken back or has expired. */
export function findLink({ queries, now }: Authority, secretHash: string): { readonly link: ShareRow; readonly thread: ThreadRow } {
  const link = queries.shares.bySecret(secretHash, now);
  const thread = link === undefined ? undefined : queries.threads.byKey(link.thread);
  if (link === undefined || thread === undefined) throw noSuch('share');
  return { link, thread };
}

/** Shares a thread with the caller by its name, as a link allows, for as long as there is that link. */
export function claimShare(tx: Tx, { command, secretHash, maxShares }: ClaimInput): ShareInfo {
  return once(tx, command, () => {
    const { principal } = command;
    const { link, thread } = findLink(tx, secretHash);
    // A link opens to guests, but a principal sees nothing of another tenant's.
    if ((principal.tenant ?? null) !== thread.tenant) throw noSuch('share');
    if (principal.share !== undefined) throw new VerbatimError('NOT_ALLOWED', 'A guest cannot keep a link. Log in first.');
    const owner = ownerOf(principal);
    if (owner === thread.owner) throw new VerbatimError('BAD_INPUT', 'This thread is yours already.');
    const { access, expiresAt } = link;
    const known = tx.queries.shares.ofThread(thread.key, tx.now).find((row) => row.owner === owner && row.link === link.key);
    const row =
      known ??
      addShare(tx, thread, { command, access, expiresInMs: undefined, maxShares }, { owner, secretHash: null, link: link.key, expiresAt });
    const details = { share: row.id, link: link.id, access };
    appendAudit(tx, { actor: owner, action: 'threads.claimShare', target: thread.id, outcome: 'ok', origin: command.origin, details });
    return shareInfo(tx.queries, row, thread.id);
  }).answer;
}
