import { ownerOf } from '../../protocol/principal.ts';
import type { Tx } from '../groupCommit.ts';
import { noSuch, openThread } from './access.ts';
import { appendAudit } from './appendAudit.ts';
import { type Command, once } from './command.ts';

/** Takes a share back, a link with all who came by it. Who has a share of its own may give it up. */
export function unshareThread(
  tx: Tx,
  command: Command,
  { threadId, shareId }: { readonly threadId: string; readonly shareId: string },
): { readonly shareId: string } {
  return once(tx, command, () => {
    const { principal } = command;
    const share = tx.queries.shares.byId(shareId);
    const isOwn = share?.owner === ownerOf(principal);
    const thread = openThread(tx, principal, threadId, isOwn ? 'read' : 'manage');
    if (share === undefined || share.thread !== thread.key) throw noSuch('share');
    tx.queries.shares.remove(share.key);
    const details = { share: shareId };
    appendAudit(tx, {
      actor: ownerOf(principal),
      action: 'threads.unshare',
      target: threadId,
      outcome: 'ok',
      origin: command.origin,
      details,
    });
    return { shareId };
  }).answer;
}
