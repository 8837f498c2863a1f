import type { Tx } from '../groupCommit.ts';
import { appendAudit } from './appendAudit.ts';

/** Of the row that says up to where the log was cut: `upTo` is the id of the last row that goes, `hash` is its hash. */
export const AUDIT_CUT = 'audit.cut';

/**
 * Takes the oldest rows out of the audit log, up to a time: a row that says so is added, and carries on the hash that the first row left
 * follows. Returns the id of the last row that may go; 0 for none. The rows are then removed by `queries.audit.removeUpTo`.
 */
export function cutAudit(tx: Tx, before: number): number {
  const { audit } = tx.queries;
  const row = audit.lastBefore(before);
  if (row === undefined) return 0;
  // All that is old is the last cut itself: another would be the next one's.
  if (row.action === AUDIT_CUT && audit.storedPage(0, 1)[0]?.id === row.id) return 0;
  appendAudit(tx, {
    actor: 'server',
    action: AUDIT_CUT,
    outcome: 'ok',
    details: { upTo: row.id, hash: row.hash },
  });
  return row.id;
}
