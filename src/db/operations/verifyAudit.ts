import type { JsonObject } from '../../protocol/json.ts';
import type { StoredAuditRow } from '../audit.ts';
import type { Queries } from '../queries.ts';
import { AUDIT_START, auditHash } from './appendAudit.ts';
import { AUDIT_CUT } from './cutAudit.ts';

/** The newest row of an audit log, as `verify` tells it: kept elsewhere, it shows that rows are gone from the end. */
export interface AuditHead {
  readonly id: number;
  readonly hash: string;
}

export interface AuditVerdict {
  /** That are as they were written, one after the other. */
  readonly rows: number;
  readonly head: AuditHead | undefined;
  /** What is wrong with the first row that is not as it was written. Undefined: nothing. */
  readonly problem: string | undefined;
}

const PAGE = 500;

/**
 * Reads the whole log and finds the first row that was changed, removed, added out of turn, or cut off at the end. `known` is a head from an
 * earlier time: without it, whoever can write the file can remove the newest rows and the count of them without a trace.
 */
export function verifyAudit({ audit }: Pick<Queries, 'audit'>, known?: AuditHead): AuditVerdict {
  const cut = cutOf(audit.lastOf(AUDIT_CUT));
  let head: AuditHead | undefined;
  let rows = 0;
  let seen = known === undefined || known.id <= (cut?.id ?? 0);
  const verdict = (problem?: string): AuditVerdict => ({ rows, head, problem });
  let before = cut ?? { id: 0, hash: AUDIT_START };
  for (;;) {
    const page = audit.storedPage(before.id, PAGE);
    for (const row of page) {
      if (row.id !== before.id + 1) return verdict(`${numbers(before.id + 1, row.id - 1)} missing`);
      const details = detailsOf(row);
      if (details === undefined || auditHash({ ...row, details }, before.hash) !== row.hash) {
        return verdict(`row ${row.id} is not as it was written, or does not follow row ${before.id}`);
      }
      if (known?.id === row.id) {
        if (known.hash !== row.hash) return verdict(`row ${row.id} is not the one that the given head names`);
        seen = true;
      }
      head = before = { id: row.id, hash: row.hash };
      rows++;
    }
    if (page.length < PAGE) break;
  }
  const last = Math.max(audit.written(), seen ? 0 : (known?.id ?? 0));
  return last > before.id ? verdict(`${numbers(before.id + 1, last)} missing at the end`) : verdict();
}

function numbers(from: number, to: number): string {
  return from === to ? `row ${from} is` : `rows ${from} to ${to} are`;
}

/** Undefined when it is no JSON. */
function detailsOf({ details }: StoredAuditRow): JsonObject | null | undefined {
  if (details === null) return null;
  try {
    return JSON.parse(details) as JsonObject;
  } catch {
    return undefined; // Somebody changed it.
  }
}

/** The row that the first one left follows. What it says is only as good as its own hash, which comes later. */
function cutOf(row: StoredAuditRow | undefined): AuditHead | undefined {
  const { upTo, hash } = (row === undefined ? undefined : detailsOf(row)) ?? {};
  return typeof upTo === 'number' && typeof hash === 'string' ? { id: upTo, hash } : undefined;
}
